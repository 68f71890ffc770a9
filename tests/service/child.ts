// The service as a child process: started as an operator starts it, known only by its output, signals and exit.
//
// Owns the process and its log lines. Does not own its data directory or what is asked of it (harness.ts).

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pass } from './until.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS_MAX = 40_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Variables to set; `undefined` takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The caller's environment less everything that would configure a service. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|VITEST|NODE_OPTIONS)/u.test(name)));
}

export class Child {
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #output = '';
  #ended = false;

  /** `args`: of Node, when it is not the project's own service. */
  constructor(environment: Environment, args: readonly string[] = ['bin/serve.js']) {
    this.#process = spawn(process.execPath, [...args], {
      cwd: PROJECT,
      env: { ...inherited(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.#output += text; });
    }
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal });
      });
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** All that the process wrote to standard output and standard error so far. */
  get output(): string {
    return this.#output;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** The address that the service announces; `undefined` when the process ended before it was ready. */
  async ready(): Promise<string | undefined> {
    const deadline = performance.now() + READY_MS_MAX;
    while (performance.now() < deadline) {
      const address = this.#announced();
      if (address !== undefined || this.#ended) return address;
      await Promise.race([pass(10), this.exited]);
    }
    throw new Error(`the service was not ready within ${READY_MS_MAX} ms:\n${this.#output}`);
  }

  #announced(): string | undefined {
    const line = this.#output.split('\n').find((text) => text.includes('"msg":"ready"') && text.endsWith('}'));
    if (line === undefined) return undefined;
    const { address }: { address: string } = JSON.parse(line);
    return address;
  }
}
