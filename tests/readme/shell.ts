// Shell: the terminal of somebody who reads a page and types what it says.
//
// Owns one `sh` that keeps its variables and its background jobs from one block to the next.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

export interface Typed {
  readonly output: string;
  /** What went to standard error. */
  readonly complaints: string;
  readonly status: number;
}

const END = 'end-of-block';
const BLOCK_MS_MAX = 60_000;

export class Shell {
  readonly #process: ChildProcessWithoutNullStreams;
  #output = '';
  #complaints = '';
  #heard: () => void = () => undefined;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#process = spawn('sh', [], { cwd, env });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#heard();
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => { this.#complaints += text; });
    this.#process.once('close', () => { this.#heard(); });
  }

  /** Runs commands to their end. Rejects when the shell ends, or when they take longer than a reader would wait. */
  async type(commands: string): Promise<Typed> {
    this.#output = '';
    this.#complaints = '';
    this.#process.stdin.write(`${commands}\nprintf '\\n${END} %s\\n' $?\n`);
    const timer = setTimeout(() => { this.close(); }, BLOCK_MS_MAX);
    try {
      return await this.#ended();
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }

  #ended(): Promise<Typed> {
    return new Promise((resolve, reject) => {
      this.#heard = () => {
        const end = new RegExp(`\\n${END} (?<status>\\d+)\\n$`, 'u').exec(this.#output);
        if (end !== null) resolve({ output: this.#output.slice(0, end.index), complaints: this.#complaints, status: Number(end.groups?.['status']) });
        else if (this.#process.exitCode !== null || this.#process.signalCode !== null) reject(new Error(`the shell ended: ${this.#output}${this.#complaints}`));
      };
    });
  }
}
