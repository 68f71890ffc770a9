// Hang-ups: a client that is gone neither holds nor blocks, and one with a key may come back.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { keyed } from '../client.ts';
import { pass, timed, until } from '../until.ts';

const service = sharedService();
/** Far below any ttl of these tests: a grant within this time did not wait for a lease to end. */
const AT_ONCE_MS = 4_000;

test.concurrent('a waiter that hangs up leaves the line at once', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const waiter = client.queue(lock);
  await client.waitersReach(lock, 1);
  await waiter.hangUp();
  await client.waitersReach(lock, 0, AT_ONCE_MS);
  expect((await client.lock(lock)).body.state).toBe('locked');
});

test.concurrent('a lock passes over every waiter that has hung up', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const gone = [];
  for (let place = 1; place <= 10; place += 1) {
    gone.push(client.queue(lock, { ttlMs: 60_000 }));
    await client.waitersReach(lock, place);
  }
  const last = client.queue(lock);
  await client.waitersReach(lock, 11);
  await Promise.all(gone.map((waiter) => waiter.hangUp()));
  await client.release(holder.id);
  const { value, tookMs } = await timed(() => last.answer);
  expect(value.status).toBe(201);
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
});

test.concurrent('a grant never stays with a client that hung up just before it', { timeout: 60_000 }, async () => {
  const { client } = service;
  for (let round = 0; round < 25; round += 1) {
    const lock = freshName('race');
    const holder = await client.hold(lock);
    const gone = client.queue(lock, { ttlMs: 60_000 });
    await client.waitersReach(lock, 1);
    const next = client.queue(lock);
    await client.waitersReach(lock, 2);
    await gone.hangUp();
    const { value } = await timed(() => client.release(holder.id));
    expect(value.status).toBe(204);
    const { value: granted, tookMs } = await timed(() => next.answer);
    expect(granted.status).toBe(201);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
  }
});

test.concurrent('many waiters that hang up at the same time all leave, each its own line', async () => {
  const { client } = service;
  const locks = Array.from({ length: 20 }, () => freshName());
  await Promise.all(locks.map((lock) => client.hold(lock)));
  const waiters = locks.map((lock) => client.queue(lock));
  await Promise.all(locks.map((lock) => client.waitersReach(lock, 1)));
  await Promise.all(waiters.map((waiter) => waiter.hangUp()));
  await Promise.all(locks.map((lock) => client.waitersReach(lock, 0, AT_ONCE_MS)));
  expect(await Promise.all(locks.map((lock) => client.waiterCount(lock)))).toEqual(locks.map(() => 0));
});

test.concurrent('a waiter with a key that comes back within 5 seconds keeps its place', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const headers = keyed(freshName('key'));
  const cut = client.queue(lock, { owner: 'came back' }, headers);
  await client.waitersReach(lock, 1);
  const behind = client.queue(lock, { owner: 'behind' });
  await client.waitersReach(lock, 2);
  await cut.hangUp();
  await pass(300);
  expect(await client.waiterCount(lock)).toBe(2);
  const back = client.queue(lock, { owner: 'came back' }, headers);
  await pass(200);
  expect(await client.waiterCount(lock)).toBe(2);
  await client.release(holder.id);
  const granted = await back.answer;
  expect([granted.status, granted.body.owner]).toEqual([201, 'came back']);
  await client.release(granted.body.id);
  expect((await behind.answer).body.owner).toBe('behind');
});

test.concurrent('a waiter with a key that is gone for more than 5 seconds has left', { timeout: 30_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock, { ttlMs: 60_000 });
  const waiter = client.queue(lock, {}, keyed(freshName('key')));
  await client.waitersReach(lock, 1);
  await waiter.hangUp();
  const { tookMs } = await timed(() => client.waitersReach(lock, 0, 12_000));
  expect(tookMs).toBeGreaterThan(4_500);
  expect(tookMs).toBeLessThan(8_000);
});

test.concurrent('a client with a key that was away when its turn came finds its grant', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const headers = keyed(freshName('key'));
  const cut = client.queue(lock, { ttlMs: 60_000 }, headers);
  await client.waitersReach(lock, 1);
  await cut.hangUp();
  await client.release(holder.id);
  const turn = await until('the absent client gets its turn', async () => (await client.lock(lock)).body.holders?.[0]);
  const back = await client.queue(lock, { ttlMs: 60_000 }, headers).answer;
  expect([back.status, back.body.state, back.body.fencingToken]).toEqual([201, 'held', turn.fencingToken]);
});

test.concurrent('a grant with a key that nobody comes back for goes to who is next after 5 seconds', { timeout: 30_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const headers = keyed(freshName('key'));
  const gone = client.queue(lock, { ttlMs: 60_000 }, headers);
  await client.waitersReach(lock, 1);
  const next = client.queue(lock);
  await client.waitersReach(lock, 2);
  const { value, tookMs } = await timed(async () => {
    await gone.hangUp();
    await client.release(holder.id);
    return next.answer;
  });
  expect(value.status).toBe(201);
  expect(tookMs).toBeGreaterThan(4_500);
  expect(tookMs).toBeLessThan(9_000);
  const anew = await client.acquire(lock, { ttlMs: 60_000, waitMs: 60_000 }, { ...headers, prefer: 'respond-async' });
  expect(anew.body.id).not.toBe(value.body.id);
  expect(anew.status).toBe(202);
});

test.concurrent('a lease that one answer has carried stays, whatever becomes of a retry', { timeout: 30_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const headers = keyed(freshName('key'));
  const lease = await client.hold(lock, { ttlMs: 60_000 }, headers);
  await client.http.open('POST', `/v1/locks/${lock}/leases`, { json: { ttlMs: 60_000 }, headers }).hangUp();
  await pass(6_500);
  expect((await client.lease(lease.id)).body.state).toBe('held');
});

test.concurrent('of two connections that wait with one key, one may hang up', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const headers = keyed(freshName('key'));
  const [one, other] = [client.queue(lock, {}, headers), client.queue(lock, {}, headers)];
  await client.waitersReach(lock, 1);
  await pass(200);
  await one.hangUp();
  await pass(5_500);
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(holder.id);
  expect((await other.answer).status).toBe(201);
});
