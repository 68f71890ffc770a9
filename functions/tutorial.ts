// The tutorial's tasks: many of them take turns in one critical section, which a shared lock guards.
//
// Each task takes the lock, draws a number between 0 and 1, sleeps for that part of a second, prints a line and returns
// the number. A lock reaches a worker in three ways, and there is one task for each.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SetupContext, SharedLock, TaskContext } from '../src/pool/context.ts';

declare global {
  /** A global of the batch: `"globals": {"lock": {"$lock": "…"}}`. */
  // oxlint-disable-next-line no-var -- only a `var` becomes a property of globalThis
  var lock: SharedLock | undefined;
}

let initializedLock: SharedLock | undefined;

/** What every form of the task does with the lock that it has. */
async function drawUnder(shared: SharedLock | undefined, task: number): Promise<number> {
  if (shared === undefined) throw new Error('no lock was shared with this worker');
  return shared.withLock(async () => {
    const drawn = Math.random();
    await sleep(drawn * 1_000);
    console.log(`Task ${task} completed with ${drawn}`);
    return drawn;
  });
}

/** By argument: `"call": "starmap", "items": [[{"$lock": "…"}, 0], [{"$lock": "…"}, 1]]`. */
export async function drawWithLock(_context: TaskContext, shared: SharedLock, task: number): Promise<number> {
  return drawUnder(shared, task);
}
drawWithLock.description = 'Draws a number under the lock that is its first argument.';

/** An initializer: `"initializer": {"function": "useLock", "args": [{"$lock": "…"}]}`. */
export function useLock(_context: SetupContext, shared: SharedLock): void {
  initializedLock = shared;
}
useLock.description = 'An initializer: keeps a lock for the drawWithInitializedLock tasks of its worker.';

/** By initializer: `"items": [0, 1, 2]`, with `useLock` as the batch's initializer. */
export async function drawWithInitializedLock(_context: TaskContext, task: number): Promise<number> {
  return drawUnder(initializedLock, task);
}
drawWithInitializedLock.description = 'Draws a number under the lock that the initializer useLock was given.';

/** By inherited global: `"items": [0, 1, 2]`, with `"globals": {"lock": {"$lock": "…"}}`. */
export async function drawWithGlobalLock(_context: TaskContext, task: number): Promise<number> {
  return drawUnder(globalThis.lock, task);
}
drawWithGlobalLock.description = 'Draws a number under the lock that the batch has as its global "lock".';
