// The queue: first come, first served, and visible while it lasts.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import type { HoldfastClient } from '../client.ts';
import { pass } from '../until.ts';

const service = sharedService();

/** Puts waiters in the queue one behind the other, each owner named by its turn. */
async function lineUp(client: HoldfastClient, lock: string, count: number): Promise<ReturnType<HoldfastClient['queue']>[]> {
  const line = [];
  for (let turn = 0; turn < count; turn += 1) {
    line.push(client.queue(lock, { owner: `${turn}`, ttlMs: 60_000 }));
    await client.waitersReach(lock, turn + 1);
  }
  return line;
}

test('200 waiters get the lock in the order in which they came', { timeout: 60_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const first = await client.hold(lock, { ttlMs: 60_000 });
  const line = await lineUp(client, lock, 200);
  const order: string[] = [];
  const tokens: number[] = [first.fencingToken];
  const served = line.map(async ({ answer }) => {
    const { status, body } = await answer;
    expect(status).toBe(201);
    order.push(body.owner);
    tokens.push(body.fencingToken);
    await client.release(body.id);
  });
  await client.release(first.id);
  await Promise.all(served);
  expect(order).toEqual(Array.from({ length: 200 }, (_, turn) => `${turn}`));
  expect(tokens).toEqual(tokens.toSorted((left, right) => left - right));
  expect(new Set(tokens).size).toBe(201);
});

test('tickets and connections stand in one line', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const connection = client.queue(lock);
  await client.waitersReach(lock, 1);
  const ticket = await client.ticket(lock);
  const behind = client.queue(lock);
  await client.waitersReach(lock, 3);
  expect(ticket.body.position).toBe(2);

  await client.release(holder.id);
  const second = await connection.answer;
  expect((await client.lease(ticket.body.id)).body).toMatchObject({ state: 'waiting', position: 1 });
  await client.release(second.body.id);
  const third = await client.lease(ticket.body.id, 10_000);
  expect(third.body.state).toBe('held');
  await client.release(ticket.body.id);
  expect((await behind.answer).body.fencingToken).toBeGreaterThan(third.body.fencingToken);
});

test('a try does not overtake those who wait', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const waiter = client.queue(lock, { owner: 'patient' });
  await client.waitersReach(lock, 1);
  const [, tried] = await Promise.all([client.release(holder.id), client.acquire(lock)]);
  expect(tried.status).toBe(423);
  expect((await waiter.answer).body.owner).toBe('patient');
});

test('the queue is shown in order with how long each has waited, and never with a lease', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  await lineUp(client, lock, 3);
  const ticket = await client.ticket(lock, { owner: '3' });
  await pass(60);
  const { body, text } = await client.waiters(lock);
  expect(body.waiters.map(({ position, owner }) => [position, owner])).toEqual([[1, '0'], [2, '1'], [3, '2'], [4, '3']]);
  for (const { waitedMs } of body.waiters) expect(waitedMs).toBeGreaterThanOrEqual(50);
  expect(text).not.toContain(ticket.body.id);
  const page = await client.waiters(lock, 'limit=3');
  expect(page.body.waiters).toHaveLength(3);
  const rest = await client.waiters(lock, `limit=3&cursor=${encodeURIComponent(page.body.nextCursor ?? '')}`);
  expect(rest.body.waiters.map(({ owner }) => owner)).toEqual(['3']);
  expect(rest.body.nextCursor).toBeUndefined();
});

test('a waiter whose time is over leaves the line to those behind it', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const brief = client.queue(lock, { waitMs: 1_500, owner: 'brief' });
  await client.waitersReach(lock, 1);
  const patient = client.queue(lock, { owner: 'patient' });
  await client.waitersReach(lock, 2);
  expect((await brief.answer).body.code).toBe('wait_timed_out');
  expect((await client.waiters(lock)).body.waiters.map(({ owner, position }) => [owner, position])).toEqual([['patient', 1]]);
  await client.release(holder.id);
  const granted = await patient.answer;
  expect(granted.status).toBe(201);
  expect(granted.body.waitedMs).toBeGreaterThan(0);
});

test('a lease granted after a wait has its whole time before it', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const waiter = client.queue(lock, { ttlMs: 1_000 });
  await client.waitersReach(lock, 1);
  await pass(700);
  await client.release(holder.id);
  const { body } = await waiter.answer;
  expect(body.expiresInMs).toBeGreaterThan(600);
  expect(body.waitedMs).toBeGreaterThanOrEqual(650);
});
