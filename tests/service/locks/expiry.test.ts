// Leases end by themselves, not sooner than they said, and later calls are told how they ended.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { pass, timed, until } from '../until.ts';
import type { HoldfastClient } from '../client.ts';
import type { Lease } from '../contract.ts';

const service = sharedService();

test.concurrent('a lease that nobody renews ends, and the lock goes to who is next', async () => {
  const { client } = service;
  const lock = freshName();
  const asked = performance.now();
  const lease = await client.hold(lock, { ttlMs: 700 });
  const promisedUntil = asked + lease.elapsedMs + lease.expiresInMs;
  const next = await client.queue(lock).answer;
  expect(next.status).toBe(201);
  expect(performance.now()).toBeGreaterThanOrEqual(promisedUntil);
  expect(performance.now()).toBeLessThan(promisedUntil + 2_000);
  expect((await client.lease(lease.id)).body.state).toBe('expired');
});

test.concurrent('a client that renews when it is told to keeps its lock far beyond its ttl', async () => {
  const { client } = service;
  const lock = freshName();
  const lease = await client.hold(lock, { ttlMs: 1_500 });
  const rival = client.queue(lock);
  await client.waitersReach(lock, 1);
  let { renewAfterMs } = lease;
  for (let renewals = 0; renewals < 6; renewals += 1) {
    await pass(renewAfterMs);
    const { status, body } = await client.renew(lease.id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: lease.id, state: 'held', fencingToken: lease.fencingToken, ttlMs: 1_500 });
    ({ renewAfterMs } = body);
  }
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(lease.id);
  expect((await rival.answer).body.fencingToken).toBeGreaterThan(lease.fencingToken);
});

test.concurrent('a renewal may change the ttl, and the new one stays', async () => {
  const { client } = service;
  const { id } = await client.hold(freshName(), { ttlMs: 1_000 });
  const longer = await client.renew(id, { ttlMs: 20_000 });
  expect(longer.body.ttlMs).toBe(20_000);
  expect(longer.body.expiresInMs).toBeGreaterThan(18_000);
  expect((await client.renew(id)).body.ttlMs).toBe(20_000);
});

/** How a lease ends, the ttl that it needs for that, how, and what a release is answered afterwards. */
const ENDS: readonly (readonly [string, number, (client: HoldfastClient, lock: string, lease: Lease) => Promise<unknown>, number])[] = [
  ['expired', 150, (client, _lock, { id }) => until('the lease expires', async () => (await client.lease(id)).body.state === 'expired'), 410],
  ['released', 30_000, (client, _lock, { id }) => client.release(id), 204],
  ['revoked', 30_000, (client, lock) => client.revoke(lock), 410],
];

test.concurrent.for(ENDS)('a lease that was %s cannot be renewed and says why', async ([reason, ttlMs, end, releasedStatus]) => {
  const { client } = service;
  const lock = freshName();
  const lease = await client.hold(lock, { ttlMs });
  await end(client, lock, lease);
  const next = await client.hold(lock);
  const { status, body } = await client.renew(lease.id);
  expect(status).toBe(410);
  expect(body).toMatchObject({ status: 410, code: 'lease_lost', reason });
  expect((await client.lease(lease.id)).body).toMatchObject({ id: lease.id, state: reason });
  const released = await client.release(lease.id);
  expect(released.status).toBe(releasedStatus);
  expect([undefined, reason]).toContain(released.body.reason);
  expect((await client.lease(next.id)).body.state).toBe('held');
});

test.concurrent('reading a held lease answers at once, also with a wait', async () => {
  const { client } = service;
  const { id } = await client.hold(freshName());
  const { value, tookMs } = await timed(() => client.lease(id, 20_000));
  expect(value.body.state).toBe('held');
  expect(tookMs).toBeLessThan(3_000);
});
