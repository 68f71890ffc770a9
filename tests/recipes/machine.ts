// A machine of a recipe: one program in a process of its own, known by its output, its signals and its exit.
//
// Owns the process. What a test started ends with the test.

import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Exit } from '../service/child.ts';
import type { Finishing } from '../service/harness.ts';
import { until } from '../service/until.ts';

/** Loaded as it is by `node`; anything else is run by `sh`. */
const SCRIPT = /\.js$/u;

export interface Call {
  readonly directory: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A folder of programs that are found before others. */
  readonly programs?: string;
}

export class Machine {
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #output = '';

  constructor(context: Finishing, { directory, program, args = [], env, programs = directory }: Call) {
    const [command, first] = SCRIPT.test(program) ? [process.execPath, program] : ['sh', program];
    this.#process = spawn(command, [first, ...args], {
      cwd: directory,
      // The project's own node stands first, as on a machine that is set up.
      env: { PATH: [programs, path.dirname(process.execPath), process.env['PATH']].join(path.delimiter), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.#output += text; });
    }
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => { resolve({ code, signal }); });
    });
    context.onTestFinished(async () => {
      this.#process.kill('SIGKILL');
      await this.exited;
    });
  }

  get output(): string {
    return this.#output;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async says(text: string, withinMs = 40_000): Promise<void> {
    await until(`the program says ${text}`, () => this.#output.includes(text), withinMs);
  }
}
