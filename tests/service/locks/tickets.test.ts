// Tickets: a place in the queue without a connection, as long as somebody reads it.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { RESPOND_ASYNC } from '../client.ts';
import { pass, timed, until } from '../until.ts';

const service = sharedService();

test.concurrent('a ticket for a free lock is the lease itself', async () => {
  const { status, body } = await service.client.ticket(freshName());
  expect([status, body.state]).toEqual([201, 'held']);
});

test.concurrent('a ticket for a held lock is a waiting lease with a place of its own', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const { status, headers, body } = await client.ticket(lock, { owner: 'later', ttlMs: 5_000, metadata: [1] });
  expect(status).toBe(202);
  expect(headers).toMatchObject({ location: `/v1/leases/${body.id}`, 'preference-applied': 'respond-async', 'cache-control': 'no-store' });
  expect(body).toMatchObject({ state: 'waiting', owner: 'later', ttlMs: 5_000, position: 1, metadata: [1], locks: [{ name: lock }] });
  expect(body.fencingToken).toBeUndefined();
  expect(body.expiresAt).toBeUndefined();
  const { value, tookMs } = await timed(() => client.lease(body.id));
  expect(value.body).toMatchObject({ id: body.id, state: 'waiting', position: 1 });
  expect(tookMs).toBeLessThan(2_000);
});

test.concurrent('a try stays a try, also when it would rather be answered later', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const { status, body } = await client.acquire(lock, {}, RESPOND_ASYNC);
  expect([status, body.code]).toEqual([423, 'lock_held']);
});

test.concurrent('whoever follows a ticket is answered when it is granted', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock);
  const followers = [client.follow(id), client.follow(id)];
  await client.release(holder.id);
  const answers = await Promise.all(followers.map(({ answer }) => answer));
  for (const { status, body } of answers) expect([status, body.state, body.id]).toEqual([200, 'held', id]);
  expect(answers[0]?.body.fencingToken).toBeGreaterThan(holder.fencingToken);
  expect((await client.renew(id)).status).toBe(200);
  expect((await client.release(id)).status).toBe(204);
});

test.concurrent('following a ticket ends with its time when nothing has changed', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const { body: { id } } = await client.ticket(lock);
  const { value, tookMs } = await timed(() => client.lease(id, 400));
  expect([value.status, value.body.state]).toEqual([200, 'waiting']);
  expect(tookMs).toBeGreaterThan(380);
});

test.concurrent('a deleted ticket leaves the line at once and tells those who follow it', async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock);
  const behind = client.queue(lock);
  await client.waitersReach(lock, 2);
  const follower = client.follow(id);
  expect((await client.release(id)).status).toBe(204);
  expect((await follower.answer).body.state).toBe('released');
  expect((await client.release(id)).status).toBe(204);
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(holder.id);
  expect((await behind.answer).status).toBe(201);
});

test.concurrent('a ticket whose wait is over has timed out', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const { body: { id } } = await client.ticket(lock, { waitMs: 500 });
  const { body } = await client.follow(id).answer;
  expect(body.state).toBe('timed_out');
  expect(await client.waiterCount(lock)).toBe(0);
  const renewed = await client.renew(id);
  expect([renewed.status, renewed.body.code, renewed.body.reason]).toEqual([410, 'lease_lost', 'timed_out']);
});

test.concurrent('a grant that an answer has carried lasts, also when it is never read again', { timeout: 40_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock, { ttlMs: 60_000 });
  await client.release(holder.id);
  expect((await client.lease(id)).body.state).toBe('held');
  await pass(12_000);
  expect((await client.acquire(lock)).status).toBe(423);
});

test.concurrent('a renewal that carries a grant keeps it', { timeout: 40_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock, { ttlMs: 60_000 });
  await client.release(holder.id);
  expect((await client.renew(id)).status).toBe(200);
  await pass(12_000);
  expect((await client.acquire(lock)).status).toBe(423);
});

test.concurrent('a grant to a ticket that nobody fetches within 10 seconds goes to who is next', { timeout: 40_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock, { ttlMs: 60_000 });
  const next = client.queue(lock);
  await client.waitersReach(lock, 2);
  const { value, tookMs } = await timed(async () => {
    await client.release(holder.id);
    return next.answer;
  });
  expect(value.status).toBe(201);
  expect(tookMs).toBeGreaterThan(9_500);
  expect(tookMs).toBeLessThan(15_000);
  expect((await client.lease(id)).body.state).toBe('abandoned');
  const renewed = await client.renew(id);
  expect([renewed.status, renewed.body.reason]).toEqual([410, 'abandoned']);
});

test.concurrent('a follower that hangs up before the grant has not fetched it', { timeout: 40_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const holder = await client.hold(lock);
  const { body: { id } } = await client.ticket(lock, { ttlMs: 60_000 });
  await client.follow(id).hangUp();
  const next = client.queue(lock);
  await client.waitersReach(lock, 2);
  await client.release(holder.id);
  expect((await next.answer).status).toBe(201);
  expect((await client.lease(id)).body.state).toBe('abandoned');
});

test.concurrent('a ticket that nobody reads for 30 seconds is abandoned, one that is followed is not', { timeout: 60_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock, { ttlMs: 120_000 });
  const asked = performance.now();
  const unread = await client.ticket(lock, { waitMs: 600_000 });
  const followed = await client.ticket(lock, { waitMs: 600_000 });
  const follower = client.follow(followed.body.id);
  await until('the unread ticket leaves', async () => await client.waiterCount(lock) === 1, 40_000);
  expect(performance.now() - asked).toBeGreaterThan(29_500);
  expect((await client.lease(unread.body.id)).body.state).toBe('abandoned');
  expect((await client.lease(followed.body.id)).body).toMatchObject({ state: 'waiting', position: 1 });
  await follower.hangUp();
});
