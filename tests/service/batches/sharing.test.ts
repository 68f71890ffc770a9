// Locks that tasks share: by argument, by initializer and by inherited global, with each other and with clients.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../harness.ts';
import { metric } from '../metrics.ts';
import { timed, until } from '../until.ts';
import type { BatchBody, Result } from '../contract.ts';

const service = sharedService();

type Sharing = (lock: string, place: string) => BatchBody;

const TEN = Array.from({ length: 10 }, (_, index) => index);
const WAYS: readonly (readonly [string, Sharing])[] = [
  ['as an argument', (lock, place) => ({ function: 'byArgument', call: 'starmap', items: TEN.map(() => [{ $lock: lock }, place]) })],
  ['through the initializer', (lock, place) => ({ function: 'byInitializer', items: TEN.map(() => place), initializer: { function: 'keepLock', args: [{ $lock: lock }] } })],
  ['as a global', (lock, place) => ({ function: 'byGlobal', items: TEN.map(() => place), globals: { sharedLock: { $lock: lock } } })],
  ['by its name', (lock, place) => ({ function: 'byName', call: 'starmap', items: TEN.map(() => [lock, place]) })],
];

function tokensOf(results: readonly Result[]): number[] {
  return results.map(({ value }) => Number(value));
}

test.for(WAYS)('ten tasks that get the lock %s are never inside together, and each has its own fencing token', async ([, sharing], context) => {
  const { client } = service;
  const lock = freshName();
  const { batch, results } = await client.run({ ...sharing(lock, path.join(freshDirectory(context), 'inside')), chunkSize: 1 });
  expect(batch.error).toBeUndefined();
  expect(batch.state).toBe('succeeded');
  expect(new Set(tokensOf(results)).size).toBe(10);
  expect((await client.lock(lock)).status).toBe(404);
  expect((await client.hold(lock)).fencingToken).toBeGreaterThan(Math.max(...tokensOf(results)));
});

test('a task waits for a client that holds the lock, and a client for a task, in one queue', async (context) => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock, { ttlMs: 60_000 });
  const { id } = await client.enqueue({ function: 'byName', call: 'starmap', items: [[lock, path.join(freshDirectory(context), 'inside')]] });
  await client.waitersReach(lock, 1);
  const behind = client.queue(lock);
  await client.waitersReach(lock, 2);
  await until('a worker is seen to wait for a lock', async () => (await metric(client, 'holdfast_pool_workers', { state: 'waiting' })) === 1 || /pool_workers\{state="[a-z_ ]*wait[a-z_ ]*"\} 1/u.test((await client.ask('GET', '/metrics')).text));
  await client.release(holder.id);
  const { results } = await client.ended(id);
  const granted = await behind.answer;
  expect(tokensOf(results)[0]).toBeGreaterThan(holder.fencingToken);
  expect(granted.body.fencingToken).toBeGreaterThan(tokensOf(results)[0] ?? 0);
});

test('what a task still holds at its end is released', async () => {
  const { client } = service;
  const lock = freshName();
  const { results } = await client.run({ function: 'forgetToRelease', items: [lock, lock, lock], chunkSize: 3 });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect((await client.acquire(lock)).status).toBe(201);
});

test.for([
  ['throws', 'throw', 'error'], ['exits', 'exit', 'worker_lost'], ['spins beyond its time', 'spin', 'timeout'], ['never ends', 'wait', 'timeout'],
] as const)('a task that holds the lock and %s gives it back with its end', async ([, after, kind], context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: after }]], timeoutMs: 1_500 });
  const { value: next, tookMs } = await timed(async () => {
    await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => ''));
    return client.queue(lock).answer;
  });
  const { results } = await client.ended(id);
  expect(results[0]?.error?.kind).toBe(kind);
  expect(next.status).toBe(201);
  expect(tookMs).toBeLessThan(6_000);
});

test('a task that spins keeps its lock for as long as it runs', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'spin' }]], timeoutMs: 3_000 });
  await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => ''));
  const tried = await client.acquire(lock, { waitMs: 1_500 });
  expect(tried.body.code).toBe('wait_timed_out');
  await client.ended(id);
  expect((await client.acquire(lock, { waitMs: 5_000 })).status).toBe(201);
});

test('a task whose lock was revoked has its signals aborted and fails as lock_lost', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'untilLost' }]] });
  await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => ''));
  await client.revoke(lock);
  const { results } = await client.ended(id);
  expect(results[0]).toMatchObject({ state: 'failed', error: { kind: 'lock_lost' } });
  expect(await readFile(noteIn, 'utf8')).toContain('lock signal true, task signal true');
});

test('a task may try a lock instead of waiting for it', async () => {
  const { client } = service;
  const lock = freshName();
  const { id } = await client.hold(lock);
  expect((await client.run({ function: 'tryOnce', items: [lock] })).results[0]?.value).toBe('refused true');
  await client.release(id);
  expect((await client.run({ function: 'tryOnce', items: [lock] })).results[0]?.value).toBe('granted true');
});

test('a lock that an initializer still holds at its end is released', async () => {
  const { client } = service;
  const lock = freshName();
  const { batch } = await client.run({ function: 'echo', items: [1, 2, 3, 4], chunkSize: 1, initializer: { function: 'takeAtSetup', args: [lock] } });
  expect(batch.state).toBe('succeeded');
  expect((await client.acquire(lock)).status).toBe(201);
});

test('the holders of a lock name no lease, also where a task holds it', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'untilLost' }]] });
  const token = Number(await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => '')));
  const { body, text } = await client.lock(lock);
  expect(body.holders[0]?.fencingToken).toBe(token);
  expect(text).not.toContain('lse_');
  await client.cancel(id);
});

test('locks reach a task wherever they stand in its item, and the rest of the item is untouched', async () => {
  const { client } = service;
  const lock = freshName();
  const { results } = await client.run({ function: 'namesOfLocks', items: [{ deep: [{ first: { $lock: lock } }], other: { $lock: 'an/other' }, plain: { lock: 'no' } }] });
  expect(results[0]?.value).toEqual({ deep: [{ first: `lock ${lock}` }], other: 'lock an/other', plain: { lock: 'no' } });
});
