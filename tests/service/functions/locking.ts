// Task functions that share a lock, in every way in which a lock can reach a task.

import { appendFile, open, rm } from 'node:fs/promises';
import type { Context, Held, SharedLock } from '../task.ts';

/** Enters and leaves a place that only one may be in; a second at the same time fails with EEXIST. */
async function alone(place: string): Promise<void> {
  await (await open(place, 'wx')).close();
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  await rm(place);
}

/** The critical section of the tutorial, under `await using`. Returns the fencing token. */
export async function byArgument(_context: Context, lock: SharedLock, place: string): Promise<number> {
  await using held = await lock.acquire();
  await alone(place);
  return held.fencingToken;
}

export async function byName(context: Context, name: string, place: string): Promise<number> {
  return context.lock(name).withLock(async (held) => {
    await alone(place);
    return held.fencingToken;
  });
}

declare global {
  /** A global of the batch. */
  var sharedLock: SharedLock;
}

let kept: SharedLock | undefined;

/** An initializer that keeps the lock for the tasks of its thread. */
export function keepLock(_context: Context, lock: SharedLock): void {
  kept = lock;
}

export async function byInitializer(_context: Context, place: string): Promise<number> {
  if (kept === undefined) throw new Error('the initializer left no lock');
  await using held = await kept.acquire();
  await alone(place);
  return held.fencingToken;
}

export async function byGlobal(_context: Context, place: string): Promise<number> {
  await using held = await sharedLock.acquire();
  await alone(place);
  return held.fencingToken;
}

/** Takes the lock and ends without giving it back. */
export async function forgetToRelease(context: Context, name: string): Promise<number> {
  return (await context.lock(name).acquire()).fencingToken;
}

/** Takes the lock, notes it, and then behaves as told. */
export async function holdThen(context: Context, name: string, { noteIn, next }: { readonly noteIn: string; readonly next: 'spin' | 'exit' | 'throw' | 'wait' | 'untilLost' }): Promise<string> {
  const held = await context.lock(name).acquire();
  await appendFile(noteIn, `${held.fencingToken}\n`);
  if (next === 'throw') throw new Error('with the lock in hand');
  if (next === 'exit') process.exit(1);
  if (next === 'untilLost') return lost(context, held, noteIn);
  if (next === 'wait') await new Promise(() => undefined);
  for (;;) Math.sqrt(2);
}

async function lost(context: Context, held: Held, noteIn: string): Promise<string> {
  await new Promise((resolve) => { held.signal.addEventListener('abort', resolve); });
  await appendFile(noteIn, `lock signal ${held.signal.aborted}, task signal ${context.signal.aborted}\n`);
  return 'returned all the same';
}

/** Tries once and says what came of it. */
export async function tryOnce(context: Context, name: string): Promise<string> {
  try {
    await using held = await context.lock(name).acquire({ waitMs: 0 });
    return `granted ${held.fencingToken > 0}`;
  } catch (error) {
    return `refused ${error instanceof Error}`;
  }
}

/** An initializer that takes the lock and keeps it past its own end. */
export async function takeAtSetup(context: Context, name: string): Promise<void> {
  await context.lock(name).acquire();
}

/** The item with each lock in it replaced by its name. */
export function namesOfLocks(context: Context, item: unknown): unknown {
  if (item === null || typeof item !== 'object') return item;
  if (isLock(item)) return `lock ${item.name}`;
  if (Array.isArray(item)) return item.map((element: unknown) => namesOfLocks(context, element));
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, namesOfLocks(context, value)]));
}

function isLock(value: object): value is SharedLock {
  return 'acquire' in value && 'withLock' in value;
}
