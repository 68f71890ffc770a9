// What the tasks of the benchmark do.

import type { SharedLock, TaskContext } from '../../src/pool/context.ts';

export function nothing(): void {}

/** Takes and frees one lock `times` times. */
export async function takeTurns(_context: TaskContext, lock: SharedLock, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const held = await lock.acquire();
    await held.release();
  }
}
