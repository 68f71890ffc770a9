// Work: what is run under a lock: a command that ignores SIGTERM, as does its child, and one that obeys.
//
// Owns the folder in which they leave their ids, and in which they are told to end.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../../tests/service/until.ts';
import { isAlive, type Program } from './program.ts';

/** The command's own exit code, when it is told to end. */
export const OWN_CODE = 5;
const STARTING_MS_MAX = 60_000;

const SCRIPTS = {
  /** Two that ignore SIGTERM: the command and its child. */
  stubborn: `trap '' TERM; sh -c 'echo $$ > child; while :; do sleep 0.1; done' & echo $$ > command; while [ ! -e end ]; do sleep 0.1; done; kill -9 $!; exit ${OWN_CODE}`,
  /** Tells of a SIGTERM, and ends by it. */
  obedient: `trap 'echo told > told; exit 143' TERM; echo $$ > child; echo $$ > command; while [ ! -e end ]; do sleep 0.02; done; exit ${OWN_CODE}`,
} as const;

export class Work implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'holdfast-command-'));
  readonly command: readonly string[];

  constructor(kind: keyof typeof SCRIPTS) {
    this.command = ['sh', '-c', SCRIPTS[kind]];
  }

  /** The ids of the processes, when both have begun; rejects if what runs them has ended before. */
  async begun(program: Program): Promise<readonly number[]> {
    return until('the command has begun', () => {
      if (program.hasEnded) throw new Error(`it ended before its command had begun:\n${program.stderr}`);
      const ids = ['command', 'child'].map((name) => this.#read(name));
      return ids.every((id) => id > 0) ? ids : undefined;
    }, STARTING_MS_MAX);
  }

  end(): void {
    writeFileSync(path.join(this.folder, 'end'), '');
  }

  /** Whether SIGTERM came to the obedient one. */
  get wasTold(): boolean {
    return existsSync(path.join(this.folder, 'told'));
  }

  [Symbol.dispose](): void {
    for (const id of ['command', 'child'].map((name) => this.#read(name))) if (id > 0 && isAlive(id)) process.kill(id, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #read(name: string): number {
    try {
      return Number(readFileSync(path.join(this.folder, name), 'utf8'));
    } catch {
      return 0;
    }
  }
}
