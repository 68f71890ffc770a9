// Acquire and release, as one client or two see them: what a lease says, and what a refusal says.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { lockPath } from '../client.ts';
import { timed } from '../until.ts';
import type { Lease } from '../contract.ts';

const service = sharedService();
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/u;

test('a free lock is granted at once with a lease that says all of itself', async () => {
  const lock = freshName();
  const asked = { owner: 'worker 7', ttlMs: 5_000, metadata: { host: 'a', tags: [1, null] } };
  const { value: { status, body }, tookMs } = await timed(() => service.client.acquire(lock, asked));
  expect(status).toBe(201);
  expect(body).toMatchObject({ ...asked, state: 'held', locks: [{ name: lock }] });
  expect(body.id).toMatch(/^lse_[A-Za-z0-9_-]{22,}$/u);
  expect(Number.isSafeInteger(body.fencingToken) && body.fencingToken > 0).toBe(true);
  expect(body.grantedAt).toMatch(INSTANT);
  expect(body.expiresAt).toMatch(INSTANT);
  expect(Math.abs(Date.parse(body.expiresAt) - Date.parse(body.grantedAt) - 5_000)).toBeLessThan(500);
  expectSaneTimes(body, tookMs);
});

test('a lease without a ttl lasts 30 seconds', async () => {
  const lease = await service.client.hold(freshName());
  expect(lease.ttlMs).toBe(30_000);
  expect(lease.expiresInMs).toBeGreaterThan(28_000);
});

test('an absent body acquires with the defaults', async () => {
  const path = lockPath(freshName(), '/leases');
  expect((await service.client.ask('POST', path)).status).toBe(201);
  const declared = lockPath(freshName(), '/leases');
  expect((await service.client.ask('POST', declared, { raw: '', headers: { 'content-type': 'application/json' } })).status).toBe(201);
});

test('every answer that carries a lease forbids storing it', async () => {
  const { client } = service;
  const acquired = await client.acquire(freshName());
  const answers = [acquired, await client.lease(acquired.body.id), await client.renew(acquired.body.id)];
  expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(['no-store', 'no-store', 'no-store']);
});

test('each answer about a held lease says how long it lasts from the time of asking', async () => {
  const { client } = service;
  const { id } = await client.hold(freshName(), { ttlMs: 4_000 });
  for (const ask of [() => client.lease(id), () => client.renew(id), () => client.renew(id, { ttlMs: 3_000 })]) {
    const { value, tookMs } = await timed(ask);
    expect(value.status).toBe(200);
    expectSaneTimes(value.body, tookMs);
  }
});

test('a try at a held lock is refused with who holds it and when to come back', async () => {
  const { client } = service;
  const lock = freshName();
  const lease = await client.hold(lock, { owner: 'first', ttlMs: 9_000, metadata: { job: 4 } });
  const { status, headers, body, text } = await client.acquire(lock, { owner: 'second' });
  expect(status).toBe(423);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/u);
  expect(body).toMatchObject({ status: 423, code: 'lock_held', waiters: 0 });
  expect(body.holders).toEqual([{ owner: 'first', fencingToken: lease.fencingToken, grantedAt: lease.grantedAt, expiresAt: expect.stringMatching(INSTANT), metadata: { job: 4 } }]);
  expect(body.retryAfterMs).toBeGreaterThan(0);
  expect(body.retryAfterMs).toBeLessThanOrEqual(9_000);
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(text).not.toContain(lease.id);
});

test('a wait that runs out is refused, after the whole wait, with the holders', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock, { owner: 'first' });
  const { value: { status, body, headers }, tookMs } = await timed(() => client.acquire(lock, { waitMs: 400 }));
  expect(status).toBe(423);
  expect(body.code).toBe('wait_timed_out');
  expect(body.holders[0]?.owner).toBe('first');
  expect(body.retryAfterMs).toBeGreaterThan(0);
  expect(headers['retry-after']).toBeDefined();
  expect(tookMs).toBeGreaterThan(380);
  expect(await client.waiterCount(lock)).toBe(0);
});

test('a released lock is free at once and the next grant has a higher fencing token', async () => {
  const { client } = service;
  const lock = freshName();
  const first = await client.hold(lock);
  expect((await client.release(first.id)).status).toBe(204);
  const second = await client.hold(lock);
  expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
  expect(second.id).not.toBe(first.id);
});

test('a second release of the same lease is answered like the first', async () => {
  const { client } = service;
  const { id } = await client.hold(freshName());
  const answers = [await client.release(id), await client.release(id), await client.release(id)];
  expect(answers.map(({ status, text }) => [status, text])).toEqual([[204, ''], [204, ''], [204, '']]);
  expect((await client.lease(id)).body.state).toBe('released');
});

test('a stale second release leaves the next holder alone', async () => {
  const { client } = service;
  const lock = freshName();
  const first = await client.hold(lock);
  await client.release(first.id);
  const second = await client.hold(lock);
  await client.release(first.id);
  expect((await client.lease(second.id)).body.state).toBe('held');
  expect((await client.acquire(lock)).status).toBe(423);
});

test('a lock that nobody declared is there while it is held and unknown afterwards', async () => {
  const { client } = service;
  const lock = freshName();
  expect((await client.lock(lock)).body.code).toBe('lock_not_found');
  const { id, fencingToken } = await client.hold(lock, { owner: 'me' });
  const { body } = await client.lock(lock);
  expect(body).toMatchObject({ name: lock, kind: 'mutex', state: 'locked', waiters: 0, holders: [{ owner: 'me', fencingToken }] });
  await client.release(id);
  expect((await client.lock(lock)).status).toBe(404);
});

test('no answer about a lock carries the lease that holds it', async () => {
  const { client } = service;
  const lock = freshName();
  await client.declare({ name: lock });
  const { id } = await client.hold(lock);
  const answers = [await client.lock(lock), await client.locks(`prefix=${lock}`), await client.waiters(lock), await client.acquire(lock)];
  for (const { text } of answers) expect(text).not.toContain(id);
});

test.for([
  ['read', 'GET', ''], ['renewed', 'POST', '/renew'], ['released', 'DELETE', ''],
] as const)('an unknown lease cannot be %s', async ([, method, rest]) => {
  const { client } = service;
  const { id } = await client.hold(freshName());
  const other = id.slice(0, 10) + (id[10] === 'A' ? 'B' : 'A') + id.slice(11);
  const unknown = await client.ask(method, `/v1/leases/${other}${rest}`);
  expect([unknown.status, unknown.body.code]).toEqual([404, 'lease_not_found']);
  for (const malformed of ['lse_', 'lse_x', id.slice(4), `${id}A`, 'constructor', '%00', `lse_${'a'.repeat(400)}`]) {
    expect((await client.ask(method, `/v1/leases/${malformed}${rest}`)).status).toBe(404);
  }
});

function expectSaneTimes(lease: Lease, tookMs: number): void {
  expect(Number.isInteger(lease.elapsedMs) && lease.elapsedMs >= 0).toBe(true);
  expect(lease.elapsedMs).toBeLessThanOrEqual(Math.ceil(tookMs) + 1);
  expect(Number.isInteger(lease.expiresInMs)).toBe(true);
  expect(lease.expiresInMs).toBeLessThanOrEqual(lease.ttlMs);
  expect(lease.elapsedMs + lease.expiresInMs).toBeGreaterThan(lease.ttlMs - tookMs - 400);
  expect(lease.renewAfterMs).toBeGreaterThan(0);
  expect(lease.renewAfterMs).toBeLessThan(lease.expiresInMs);
}
