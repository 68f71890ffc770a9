// A service that stands still: what reached it in time counts when it goes on.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { pass } from '../until.ts';

const service = sharedService();

async function standStill<T>(ms: number, meanwhile: () => T): Promise<T> {
  service.child.signal('SIGSTOP');
  try {
    const result = meanwhile();
    await pass(ms);
    return result;
  } finally {
    service.child.signal('SIGCONT');
  }
}

test('a renewal sent while the service stood still beyond the ttl still counts', { timeout: 30_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  const lease = await client.hold(lock, { ttlMs: 1_000 });
  const rival = client.queue(lock);
  await client.waitersReach(lock, 1);
  const sent: { renewal?: ReturnType<typeof client.renew> } = await standStill(2_500, () => ({ renewal: client.renew(lease.id) }));
  const renewed = await sent.renewal;
  expect([renewed?.status, renewed?.body.fencingToken]).toEqual([200, lease.fencingToken]);
  expect(await client.waiterCount(lock)).toBe(1);
  await client.release(lease.id);
  expect((await rival.answer).status).toBe(201);
});

test('a release sent while the service stood still counts too', { timeout: 30_000 }, async () => {
  const { client } = service;
  const { id } = await client.hold(freshName(), { ttlMs: 1_000 });
  const sent = await standStill(2_000, () => ({ release: client.release(id) }));
  expect((await sent.release).status).toBe(204);
  expect((await client.lease(id)).body.state).toBe('released');
});

test('a lease outlives a stall longer than its ttl and ends soon after when nobody renews it', { timeout: 30_000 }, async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock, { ttlMs: 800 });
  const rival = client.queue(lock);
  await client.waitersReach(lock, 1);
  await standStill(2_000, () => undefined);
  const resumed = performance.now();
  expect((await rival.answer).status).toBe(201);
  expect(performance.now() - resumed).toBeGreaterThan(150);
  expect(performance.now() - resumed).toBeLessThan(5_000);
});
