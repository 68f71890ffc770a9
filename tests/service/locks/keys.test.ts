// Idempotency keys: a retry is answered from what is now, and never does anything twice.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { keyed, lockPath } from '../client.ts';
import { pass, until } from '../until.ts';

const service = sharedService();

test('a retry of a granted acquire is answered with the same lease as it is now', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const first = await client.hold(lock, { ttlMs: 2_000 }, headers);
  await client.renew(first.id, { ttlMs: 50_000 });
  const { status, body, headers: answered } = await client.acquire(lock, { ttlMs: 2_000 }, headers);
  expect(status).toBe(201);
  expect(body).toMatchObject({ id: first.id, fencingToken: first.fencingToken, state: 'held', ttlMs: 50_000 });
  expect(body.expiresInMs).toBeGreaterThan(40_000);
  expect(answered['cache-control']).toBe('no-store');
});

test('a key with another body is refused and nothing changes', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const first = await client.hold(lock, { owner: 'a' }, headers);
  const { status, body } = await client.acquire(lock, { owner: 'b' }, headers);
  expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  expect((await client.lease(first.id)).body.state).toBe('held');
});

test('a key is bound to its path: the same one serves another lock', async () => {
  const { client } = service;
  const headers = keyed(freshName('key'));
  const one = await client.acquire(freshName(), {}, headers);
  const other = await client.acquire(freshName(), {}, headers);
  expect([one.status, other.status]).toEqual([201, 201]);
  expect(one.body.id).not.toBe(other.body.id);
});

test.for([
  ['released', 30_000], ['expired', 150], ['revoked', 30_000],
] as const)('a retry after the lease was %s is told so and acquires nothing', async ([reason, ttlMs]) => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const { id } = await client.hold(lock, { ttlMs }, headers);
  if (reason === 'released') await client.release(id);
  if (reason === 'revoked') await client.revoke(lock);
  await until('the lease has ended', async () => (await client.lease(id)).body.state === reason);
  const { status, body } = await client.acquire(lock, { ttlMs }, headers);
  expect([status, body.code, body.reason]).toEqual([410, 'lease_lost', reason]);
  expect((await client.acquire(lock)).status).toBe(201);
});

test('a refused try leaves no key behind: the next is a new request', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const { id } = await client.hold(lock);
  expect((await client.acquire(lock, {}, headers)).status).toBe(423);
  expect((await client.acquire(lock, { waitMs: 100 }, headers)).body.code).toBe('wait_timed_out');
  await client.release(id);
  expect((await client.acquire(lock, {}, headers)).status).toBe(201);
});

test('a retry of a waiting acquire listens to the same place, and both hear of the one grant', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const holder = await client.hold(lock);
  const waits = [client.queue(lock, {}, headers), client.queue(lock, {}, headers), client.queue(lock, {}, headers)];
  await client.waitersReach(lock, 1);
  await pass(200);
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(holder.id);
  const granted = await Promise.all(waits.map(({ answer }) => answer));
  expect(granted.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(new Set(granted.map(({ body }) => `${body.id} ${body.fencingToken}`)).size).toBe(1);
});

test('a retry for a ticket is answered with the ticket', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const holder = await client.hold(lock);
  const first = await client.ticket(lock, {}, headers);
  const second = await client.ticket(lock, {}, headers);
  expect([second.status, second.body.id, second.body.state]).toEqual([202, first.body.id, 'waiting']);
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(holder.id);
  const third = await client.ticket(lock, {}, headers);
  expect([third.status, third.body.id, third.body.state]).toEqual([201, first.body.id, 'held']);
});

test('a retried declaration is answered with the lock as it is, and after a deletion it is a new one', async () => {
  const { client } = service;
  const name = freshName();
  const headers = keyed(freshName('key'));
  expect((await client.declare({ name }, headers)).status).toBe(201);
  await client.ask('PUT', lockPath(name), { json: { description: 'changed since' } });
  const retried = await client.declare({ name }, headers);
  expect([retried.status, retried.body.description]).toEqual([201, 'changed since']);
  expect((await client.declare({ name })).status).toBe(409);
  await client.ask('DELETE', lockPath(name));
  const anew = await client.declare({ name }, headers);
  expect(anew.status).toBe(201);
  expect((await client.lock(name)).body.description).not.toBe('changed since');
});

test('simultaneous requests with one key make one lease', async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.acquire(lock, {}, headers)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test.for([['too long', 'k'.repeat(256)], ['empty', '']] as const)('a key that is %s is refused', async ([, key]) => {
  const { client } = service;
  const lock = freshName();
  expect((await client.acquire(lock, {}, keyed(key))).status).toBe(400);
  expect((await client.lock(lock)).status).toBe(404);
});
