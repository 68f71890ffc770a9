// Task functions that stay within the rules and strain them.

import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { Context, Held, SharedLock } from '../task.ts';

/** Asks for the lock and ends without waiting for it. */
export function askAndLeave(context: Context, name: string): string {
  context.lock(name).acquire().catch(() => undefined);
  return 'left';
}

let lingering: Promise<unknown> = Promise.resolve();

async function noteLater(lock: SharedLock, noteIn: string): Promise<void> {
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  const outcome = await lock.acquire().then(() => 'granted', () => 'refused');
  appendFileSync(noteIn, `${outcome}\n`);
}

/** Asks for the lock a little after its own end, and notes in a file what came of it. */
export function askAfterwards(context: Context, name: string, noteIn: string): string {
  lingering = noteLater(context.lock(name), noteIn);
  return 'left';
}

/** Waits for what an earlier task of the thread left behind. */
export async function outlast(): Promise<string> {
  await lingering;
  return 'outlasted';
}

/** Takes the lock twice, which a mutex does not allow. */
export async function takeTwice(context: Context, name: string): Promise<string> {
  await context.lock(name).acquire();
  await context.lock(name).acquire();
  return 'twice';
}

/** Releases twice and disposes of what is released. */
export async function releaseTwice(context: Context, name: string): Promise<string> {
  const held: Held = await context.lock(name).acquire();
  await held.release();
  await held.release();
  await held[Symbol.asyncDispose]();
  await using again = await context.lock(name).acquire();
  return `again ${again.fencingToken > held.fencingToken}`;
}

/** Takes many locks at once and one of them again and again. */
export async function takeMany(context: Context, prefix: string, count: number): Promise<number> {
  const held = await Promise.all(Array.from({ length: count }, (_, index) => context.lock(`${prefix}-${index}`).acquire()));
  await Promise.all(held.map((one) => one.release()));
  for (let round = 0; round < count; round += 1) await context.lock(`${prefix}-hot`).withLock(() => round);
  return new Set(held.map(({ fencingToken }) => fencingToken)).size;
}

export function badName(context: Context, name: string): Promise<Held> {
  return context.lock(name).acquire();
}

/** What JSON makes of values that it has no words for. */
export function lossy(): unknown {
  return { date: new Date(0), map: new Map([[1, 2]]), nan: Number.NaN, missing: undefined, list: [undefined], typed: new Uint8Array(2), own: { toJSON: () => 'its own' } };
}

/** Prints far more than is kept, faster than anybody could read it. */
export function flood(_context: Context, megabytes: number): number {
  const line = 'f'.repeat(1_023);
  for (let printed = 0; printed < megabytes * 1_024; printed += 1) console.log(line);
  return megabytes;
}

/** Replaces what the service may have relied on. */
export function vandal(): string {
  console.log = () => undefined;
  JSON.stringify = () => 'vandal';
  return 'done';
}

/** Takes the lock and blocks its thread outside of JavaScript, where nothing can interrupt it. */
export async function block(context: Context, name: string, seconds: number): Promise<string> {
  await context.lock(name).acquire();
  execFileSync('sleep', [`${seconds}`]);
  return 'woke up';
}
