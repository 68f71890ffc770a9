// A kill at any moment: what was acknowledged is as it was acknowledged, and no lease ends sooner than it was told.

import { expect, test } from 'vitest';
import { startService } from '../harness.ts';
import { keyed, lockPath } from '../client.ts';
import { pass, timed, until } from '../until.ts';

test.concurrent('every acknowledged change of a lock and a lease is there after a kill', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const before = service.client;
  await before.declare({ name: 'declared', description: 'kept', labels: { a: 'b' } });
  await before.declare({ name: 'deleted' });
  await before.ask('DELETE', lockPath('deleted'));
  const held = await before.hold('held', { owner: 'me', metadata: { n: 1 }, ttlMs: 60_000 });
  const renewed = await before.hold('renewed', { ttlMs: 2_000 });
  await before.renew(renewed.id, { ttlMs: 70_000 });
  const released = await before.hold('released');
  await before.release(released.id);
  const revoked = await before.hold('revoked');
  await before.revoke('revoked');
  const waiting = await before.ticket('held', { owner: 'in line' });
  const left = await before.ticket('held');
  await before.release(left.body.id);

  const after = await service.killAndRestart();
  expect((await after.lock('declared')).body).toMatchObject({ description: 'kept', labels: { a: 'b' }, state: 'unlocked' });
  expect((await after.lock('deleted')).status).toBe(404);
  expect((await after.lease(held.id)).body).toMatchObject({ state: 'held', owner: 'me', metadata: { n: 1 }, fencingToken: held.fencingToken, grantedAt: held.grantedAt });
  const longer = await after.lease(renewed.id);
  expect(longer.body).toMatchObject({ state: 'held', ttlMs: 70_000 });
  expect(longer.body.expiresInMs).toBeGreaterThan(40_000);
  expect((await after.lease(released.id)).body.state).toBe('released');
  expect((await after.acquire('released')).status).toBe(201);
  expect((await after.renew(revoked.id)).body.reason).toBe('revoked');
  expect((await after.lease(left.body.id)).body.state).toBe('released');
  expect((await after.lease(waiting.body.id)).body).toMatchObject({ state: 'waiting', position: 1, owner: 'in line' });
  await after.release(held.id);
  expect((await after.lease(waiting.body.id, 10_000)).body.state).toBe('held');
});

test.concurrent('fencing tokens rise over kills and orderly stops, deleted locks included', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const tokens: number[] = [];
  for (const again of ['killAndRestart', 'stopAndRestart', 'killAndRestart', 'stopAndRestart'] as const) {
    for (let grants = 0; grants < 3; grants += 1) {
      const lease = await service.client.hold('again');
      tokens.push(lease.fencingToken);
      await service.client.release(lease.id);
    }
    await service[again]();
  }
  tokens.push((await service.client.hold('another')).fencingToken);
  expect(tokens).toEqual([...new Set(tokens)].toSorted((left, right) => left - right));
});

test.concurrent('a lock whose holder was told a time is not granted again before it, over a kill', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const promised = await Promise.all([800, 2_000, 5_000].map(async (ttlMs) => {
    const asked = performance.now();
    const lease = await service.client.hold(`ttl-${ttlMs}`, { ttlMs });
    return { lock: `ttl-${ttlMs}`, until: asked + lease.elapsedMs + lease.expiresInMs };
  }));
  const after = await service.killAndRestart();
  await Promise.all(promised.map(async (promise) => {
    const { status } = await after.acquire(promise.lock, { waitMs: 30_000 });
    expect(status).toBe(201);
    expect(performance.now()).toBeGreaterThanOrEqual(promise.until);
  }));
});

test.concurrent('a lease that was nearly over has its ttl again after a start, or ten seconds of it', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const short = await service.client.hold('short', { ttlMs: 4_000 });
  const long = await service.client.hold('long', { ttlMs: 100_000 });
  await pass(2_500);
  const { value: leases, tookMs } = await timed(async () => {
    const after = await service.killAndRestart();
    return [await after.lease(short.id), await after.lease(long.id)];
  });
  expect(leases.map(({ body }) => body.state)).toEqual(['held', 'held']);
  expect(leases[0]?.body.expiresInMs).toBeGreaterThanOrEqual(4_000 - tookMs - 250);
  expect(leases[0]?.body.expiresInMs).toBeGreaterThan(1_600);
  expect(leases[1]?.body.expiresInMs).toBeGreaterThan(90_000);
});

test.concurrent('the time that the service was down is not taken from a lease', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const { id } = await service.client.hold('kept', { ttlMs: 3_000 });
  await service.kill();
  await pass(4_000);
  const after = await service.start();
  expect((await after.lease(id)).body.state).toBe('held');
  expect((await after.renew(id)).status).toBe(200);
});

test.concurrent('a waiter with a key finds its place after a kill, before those that came later', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const holder = await service.client.hold('lock', { ttlMs: 60_000 });
  const headers = keyed('the place');
  service.client.queue('lock', { owner: 'first' }, headers);
  await service.client.waitersReach('lock', 1);
  await service.client.ticket('lock', { owner: 'second' });

  const after = await service.killAndRestart();
  const back = after.queue('lock', { owner: 'first' }, headers);
  await pass(300);
  const queue = await after.waiters('lock');
  expect(queue.body.waiters.map(({ owner }) => owner)).toEqual(['first', 'second']);
  await after.release(holder.id);
  const granted = await back.answer;
  expect([granted.status, granted.body.owner]).toEqual([201, 'first']);
});

test.concurrent('a waiter with a key that does not come back after a start leaves, one without a key is gone', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  await service.client.hold('lock', { ttlMs: 60_000 });
  service.client.queue('lock', { owner: 'with a key' }, keyed('lost'));
  await service.client.waitersReach('lock', 1);
  service.client.queue('lock', { owner: 'without' });
  await service.client.waitersReach('lock', 2);
  const after = await service.killAndRestart();
  expect((await after.waiters('lock')).body.waiters.map(({ owner }) => owner)).toEqual(['with a key']);
  await after.waitersReach('lock', 0, 10_000);
});

test.concurrent('a retry of an acquire after a kill finds the lease, and after its release is told so', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const held = await service.client.hold('held', {}, keyed('a'));
  const released = await service.client.hold('released', {}, keyed('b'));
  await service.client.release(released.id);
  const after = await service.killAndRestart();
  const again = await after.acquire('held', {}, keyed('a'));
  expect([again.status, again.body.id, again.body.fencingToken]).toEqual([201, held.id, held.fencingToken]);
  const lost = await after.acquire('released', {}, keyed('b'));
  expect([lost.status, lost.body.code, lost.body.reason]).toEqual([410, 'lease_lost', 'released']);
  const reused = await after.acquire('held', { owner: 'x' }, keyed('a'));
  expect(reused.body.code).toBe('idempotency_key_reused');
});

test.concurrent('a granted ticket that nobody had fetched before a kill is given up ten seconds after the start', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const holder = await service.client.hold('lock');
  const fetched = await service.client.ticket('lock', { ttlMs: 90_000 });
  await service.client.release(holder.id);
  await service.client.lease(fetched.body.id);
  const other = await service.client.hold('other');
  await service.client.ticket('other', { ttlMs: 90_000 });
  await service.client.release(other.id);
  const after = await service.killAndRestart();
  await until('the unfetched grant ends', async () => (await after.lock('other')).status === 404, 16_000);
  expect((await after.lease(fetched.body.id)).body.state).toBe('held');
});
