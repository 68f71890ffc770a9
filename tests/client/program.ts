// Program: one of the programs of this folder as a process.
//
// Owns its life: it is ended with the test, whatever became of it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Finishing } from '../service/harness.ts';
import { until } from '../service/until.ts';

export class Program {
  output = '';
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;

  constructor(context: Finishing, file: string, args: readonly string[]) {
    this.#process = spawn(process.execPath, [path.join(import.meta.dirname, file), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.output += text; });
    }
    this.exited = once(this.#process, 'close').then(([code]: (number | null)[]) => code ?? null);
    context.onTestFinished(async () => {
      this.#process.kill('SIGKILL');
      await this.exited;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Tells it that there is no more to do. */
  finish(): void {
    this.#process.stdin?.end();
  }

  /** The numbers of the lines that begin with this word, those that have come whole. */
  numbers(word: string): readonly number[] {
    return [...this.output.matchAll(new RegExp(String.raw`^${word} (?<number>[\d.]+)$`, 'gmu'))].map(({ groups = {} }) => Number(groups['number']));
  }

  async says(text: string): Promise<void> {
    await until(`the program says ${text}:\n${this.output}`, () => this.output.includes(text), 30_000);
  }
}
