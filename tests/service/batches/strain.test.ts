// Tasks at the edge of the rules: what they leave behind never reaches the next task, the next batch or the queue.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../harness.ts';
import { until } from '../until.ts';

const service = sharedService();

test('a task that ends while it waits for a lock leaves the line', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock, { ttlMs: 60_000 });
  const { results } = await client.run({ function: 'askAndLeave', items: [lock, lock], chunkSize: 2 });
  expect(results.map(({ value }) => value)).toEqual(['left', 'left']);
  await client.waitersReach(lock, 0, 3_000);
  await client.release(holder.id);
  expect((await client.acquire(lock)).status).toBe(201);
});

test('what a task asks for after its end is refused', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const left = await client.run({ function: 'askAfterwards', call: 'starmap', items: [[lock, noteIn], [lock, noteIn]], chunkSize: 1 });
  expect(left.batch.state).toBe('succeeded');
  const outlasted = await client.enqueue({ function: 'outlast', items: [1, 2], chunkSize: 1 });
  await client.ended(outlasted.id);
  const notes = await until('both have asked', async () => {
    const lines = (await readFile(noteIn, 'utf8').catch(() => '')).trim().split('\n');
    return lines.length === 2 ? lines : undefined;
  });
  expect(notes).toEqual(['refused', 'refused']);
  expect((await client.acquire(lock)).status).toBe(201);
});

test('a task that takes its own lock a second time waits until its time is over, and gives it back', async () => {
  const { client } = service;
  const lock = freshName();
  const { results } = await client.run({ function: 'takeTwice', items: [lock], timeoutMs: 700 });
  expect(results[0]?.error?.kind).toBe('timeout');
  expect((await client.acquire(lock)).status).toBe(201);
});

test('a second release in a task does no harm', async () => {
  const { results } = await service.client.run({ function: 'releaseTwice', items: [freshName()] });
  expect(results[0]?.value).toBe('again true');
});

test('a task may hold many locks at once, each with its own token', async () => {
  const { results } = await service.client.run({ function: 'takeMany', call: 'starmap', items: [[freshName(), 100], [freshName(), 100]], chunkSize: 1 });
  expect(results.map(({ value }) => value)).toEqual([100, 100]);
});

test('a lock name that breaks the rule fails the task that uses it', async () => {
  const { results } = await service.client.run({ function: 'badName', items: ['no spaces', '', '..', 'x'.repeat(257), 'fine'] });
  expect(results.slice(0, 4).map(({ error }) => error?.kind)).toEqual(['error', 'error', 'error', 'error']);
});

test('values that JSON has no words for become what JSON makes of them', async () => {
  const { results } = await service.client.run({ function: 'lossy', items: [1] });
  expect(results[0]).toMatchObject({ state: 'succeeded', value: { date: '1970-01-01T00:00:00.000Z', map: {}, nan: null, list: [null], own: 'its own' } });
});

test('a flood of prints costs the service no memory and other tasks no time', { timeout: 60_000 }, async () => {
  const { client } = service;
  const flooded = await client.enqueue({ function: 'flood', items: [64], timeoutMs: 40_000 });
  const other = await client.run({ function: 'echo', items: [1] });
  expect(other.batch.state).toBe('succeeded');
  const { results } = await client.ended(flooded.id, 45_000);
  expect(results[0]).toMatchObject({ state: 'succeeded', value: 64 });
  expect(Buffer.byteLength(results[0]?.logs ?? '')).toBeLessThan(70_000);
});

test('a task that breaks its thread\'s own tools fails or succeeds, and the service goes on', { timeout: 60_000 }, async () => {
  const { client } = service;
  const { id } = await client.enqueue({ function: 'vandal', items: [1, 2], chunkSize: 1, timeoutMs: 1_500 });
  await client.ended(id, 30_000);
  const { id: next } = await client.enqueue({ function: 'echo', items: [1, 2, 3, 4], chunkSize: 1, timeoutMs: 1_500 });
  await client.ended(next, 30_000);
  expect((await client.acquire(freshName())).status).toBe(201);
});

test('a revocation that names the grant of a task takes it', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'untilLost' }]] });
  const token = Number(await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => '')));
  expect((await client.revoke(lock, { fencingToken: token + 1 })).status).toBe(409);
  expect((await client.revoke(lock, { fencingToken: token })).status).toBe(200);
  expect((await client.ended(id)).results[0]?.error?.kind).toBe('lock_lost');
});

test('a task whose lock was revoked and who spins is known as lost only when it ends, and its lock is free at once', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'spin' }]], timeoutMs: 2_000 });
  await until('the task holds the lock', () => readFile(noteIn, 'utf8').catch(() => ''));
  await client.revoke(lock);
  expect((await client.acquire(lock)).status).toBe(201);
  expect(['lock_lost', 'timeout']).toContain((await client.ended(id)).results[0]?.error?.kind);
});
