// Crowd: thousands of clients that wait in acquires, beside a few that work.
//
// Owns what is measured: memory, how prompt the service is for the others, and that nothing is left when all have gone.
// The clients are a process of their own (waiting.ts), so that their sockets and their time are not ours.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../../tests/service/contract.ts';
import { until } from '../../tests/service/until.ts';
import { Target } from './target.ts';

/** Each lock has this many of the crowd in line. */
const PER_LOCK = 100;
const WORK_MS = 5;

export interface CrowdSize {
  readonly clients: number;
  /** How long the clients that work go on beside the crowd, in milliseconds. */
  readonly workMs: number;
}

export interface CrowdFound {
  readonly grownMib: number;
  /** Of an acquire of a free lock beside the crowd, at the 99th percentile. */
  readonly tookMs: number;
  readonly answered: number;
  readonly complaints: readonly string[];
}

/** What the waiting clients say of themselves. */
export type FromWaiting = { readonly kind: 'sent' } | { readonly kind: 'done'; readonly granted: number; readonly others: number };
export type ToWaiting = 'hangUp';

export async function gather({ clients, workMs }: CrowdSize): Promise<CrowdFound> {
  const target = await Target.start();
  const locks = Array.from({ length: Math.ceil(clients / PER_LOCK) }, (_, nth) => `crowd/${nth}`);
  try {
    const held = await Promise.all(locks.map((lock) => target.client.hold(lock, { ttlMs: 600_000 })));
    const beforeMib = await target.residentMib();
    const waiting = await assemble(target, clients, locks.length);
    const grownMib = await target.residentMib() - beforeMib;
    const tookMs = await work(target, workMs);
    const complaints: string[] = [];
    const answered = await disperse(target, waiting, held, complaints);
    await lookForRest(target, complaints);
    if (target.child.ended) complaints.push(`the service ended:\n${target.child.output.slice(-2_000)}`);
    return { grownMib, tookMs, answered, complaints };
  } finally {
    await target.close();
  }
}

async function assemble(target: Target, clients: number, locks: number): Promise<ChildProcess> {
  const waiting = fork(new URL('waiting.ts', import.meta.url), [String(target.port), String(clients), String(locks)]);
  await once(waiting, 'message');
  await until(`${clients} clients wait`, async () => await target.number('holdfast_lock_waiters') === clients, 60_000);
  return waiting;
}

/** Acquires and releases free locks, a few at a time. */
async function work({ client }: Target, workMs: number): Promise<number> {
  const took: number[] = [];
  const end = performance.now() + workMs;
  await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => {
    while (performance.now() < end) {
      const began = performance.now();
      const { id } = await client.hold(`work/${name}`);
      took.push(performance.now() - began);
      await client.release(id);
      await delay(WORK_MS);
    }
  }));
  return took.toSorted((left, right) => left - right)[Math.floor(took.length * 0.99)] ?? 0;
}

/** The lines of one half of the locks move on until they are empty; the others' clients hang up. */
async function disperse(target: Target, waiting: ChildProcess, held: readonly Lease[], complaints: string[]): Promise<number> {
  const moving = held.filter((_, nth) => nth % 2 === 0);
  await Promise.all(moving.map(({ id }) => target.client.release(id)));
  // A grant whose answer is under way when its client hangs up would rightly be held to its end.
  await until('half of the crowd was served', async () => await target.number('holdfast_lock_waiters') + await target.number('holdfast_lock_holders') <= (held.length - moving.length) * (PER_LOCK + 1), 60_000);
  const done = once(waiting, 'message');
  waiting.send('hangUp' satisfies ToWaiting);
  const [said]: FromWaiting[] = await done;
  await Promise.all(held.filter(({ id }) => !moving.some((lease) => lease.id === id)).map(({ id }) => target.client.release(id)));
  if (said?.kind !== 'done') throw new Error('the crowd said nothing at its end');
  const expected = moving.length * PER_LOCK;
  if (said.granted !== expected || said.others > 0) complaints.push(`of ${expected} clients in the lines that moved ${said.granted} were granted the lock, ${said.others} got other answers`);
  return said.granted;
}

async function lookForRest(target: Target, complaints: string[]): Promise<void> {
  for (const gauge of ['holdfast_lock_waiters', 'holdfast_lock_holders']) {
    await until(`${gauge} is 0`, async () => await target.number(gauge) === 0).catch(async () => complaints.push(`${gauge} is still ${await target.number(gauge)}`));
  }
  const left = await target.client.locks('prefix=crowd&limit=5');
  if (left.body.locks.length > 0) complaints.push(`locks were left behind: ${left.text}`);
}
