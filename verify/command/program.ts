// Program: `holdfast`, started as people start it, and what it runs, known by the ids of the processes.
//
// Owns the processes: all that a trial started is killed with it, whatever became of the trial.

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const HOLDFAST = path.join(import.meta.dirname, '../../bin/holdfast.js');
const LOOK_MS = 3;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program implements Disposable {
  readonly ended: Promise<Ended>;
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  #ended: Ended | undefined;

  constructor(args: readonly string[], environment: Readonly<Record<string, string | undefined>>, cwd = process.cwd()) {
    this.process = spawn(process.execPath, [HOLDFAST, ...args], { cwd, env: { ...inherited(), ...environment }, stdio: 'pipe' });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => { this.stdout += text; });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => { this.stderr += text; });
    this.ended = new Promise((resolve) => {
      this.process.once('exit', (code, signal) => {
        this.#ended = { code, signal };
        resolve(this.#ended);
      });
    });
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** The output to its end, and the end. */
  async finished(): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const [{ code }] = await Promise.all([this.ended, closed(this.process)]);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  [Symbol.dispose](): void {
    this.process.kill('SIGKILL');
  }
}

async function closed(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    if (child.stdout?.readableEnded === true && child.stderr?.readableEnded === true) resolve();
    else child.once('close', () => { resolve(); });
  });
}

/** The caller's environment less what would lead a command elsewhere. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:HOLDFAST_|VITEST|NODE_OPTIONS|FORCE_COLOR|NO_COLOR)/u.test(name)));
}

/** Whether the process runs: a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return !/\) [ZX] /u.test(stat);
  } catch {
    return false;
  }
}

/** When the last of the processes was seen dead, by the wall clock; rejects if one of them lives `withinMs` later. */
export async function deathOf(pids: readonly number[], withinMs: number): Promise<number> {
  for (const until = performance.now() + withinMs; performance.now() < until;) {
    if (!pids.some(isAlive)) return Date.now();
    await delay(LOOK_MS);
  }
  throw new Error(`of the processes ${pids.join(', ')} some live after ${withinMs} ms`);
}
