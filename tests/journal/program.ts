// A program of ./programs as a process of its own, known by the lines that it writes.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Durability } from '../../src/journal/journal.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<Exit>;

  /** `shell`: commands for `sh` to run before it becomes the program. */
  constructor(name: string, directory: string, { shell = '', durability = 'flush' }: { readonly shell?: string; readonly durability?: Durability } = {}) {
    const path = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
    const child = spawn('sh', ['-c', `${shell} exec "$0" "$@"`, process.execPath, path, directory, durability], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  /** The next line; `undefined` when it has ended and none is left. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  /** All lines from here to its end. */
  async lines(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
  }
}
