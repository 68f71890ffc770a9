// Names and numbers at their bounds: what is accepted, and what is refused without a trace.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { lockPath, RESPOND_ASYNC } from '../client.ts';

const service = sharedService();

test.for([
  'a', 'orders/42', 'a/b/c//d', 'team:x@y.z_w-v', '__proto__', 'constructor', 'toString', '...', '-', '0', 'x'.repeat(256), '/'.repeat(256),
])('the name %s is a lock in every request', async (lock) => {
  const { client } = service;
  const lease = await client.hold(lock);
  expect(lease.locks[0]?.name).toBe(lock);
  expect((await client.lock(lock)).body).toMatchObject({ name: lock, state: 'locked' });
  expect((await client.waiters(lock)).body.waiters).toEqual([]);
  expect((await client.revoke(lock, { fencingToken: lease.fencingToken })).body.name).toBe(lock);
  expect((await client.lock(lock)).status).toBe(404);
});

test.for([
  ['a space', 'a%20b'], ['a letter that is not ASCII', '%C3%BC'], ['one dot', '%2E'], ['two dots', '%2E%2E'], ['257 characters', 'x'.repeat(257)],
  ['a percent sign', 'a%25b'], ['a NUL', 'a%00b'], ['a backslash', 'a%5Cb'], ['5,000 characters', 'y'.repeat(5_000)],
] as const)('a name with %s is refused wherever it stands', async ([, encoded]) => {
  const { client } = service;
  const requests = [
    await client.ask('POST', `/v1/locks/${encoded}/leases`, { json: {} }),
    await client.ask('GET', `/v1/locks/${encoded}`),
    await client.ask('PUT', `/v1/locks/${encoded}`, { json: {} }),
    await client.ask('DELETE', `/v1/locks/${encoded}`),
    await client.ask('GET', `/v1/locks/${encoded}/waiters`),
    await client.ask('POST', `/v1/locks/${encoded}/revoke`, { json: {} }),
    await client.ask('POST', '/v1/locks', { json: { name: decodeURIComponent(encoded), kind: 'mutex' } }),
  ];
  expect(requests.map(({ status }) => status)).toEqual(requests.map(() => 400));
});

test.for([
  [{ ttlMs: 99 }], [{ ttlMs: 86_400_001 }], [{ ttlMs: 1_000.5 }], [{ ttlMs: '1000' }], [{ ttlMs: null }], [{ ttlMs: -1 }], [{ ttlMs: true }],
  [{ waitMs: -1 }], [{ waitMs: 240_001 }], [{ waitMs: '0' }], [{ waitMs: 0.5 }],
  [{ owner: 7 }], [{ owner: 'o'.repeat(257) }], [{ owner: null }],
  [{ ttl: 1_000 }], [{ TTLMS: 1_000 }], [{ metadata: 'x'.repeat(5_000) }],
  [[]], [null], ['text'], [7],
] as const)('an acquire with %j is refused and changes nothing', async ([json]) => {
  const { client } = service;
  const lock = freshName();
  const answer = await client.ask('POST', lockPath(lock, '/leases'), { json });
  expect(answer.status).toBe(400);
  expect(answer.body.code).toMatch(/^[a-z][a-z_]+$/u);
  expect((await client.lock(lock)).status).toBe(404);
});

test.for([
  [{ ttlMs: 100 }], [{ ttlMs: 86_400_000 }], [{ waitMs: 240_000 }], [{ waitMs: 0 }], [{ owner: 'o'.repeat(256) }], [{ metadata: { deep: [{ er: {} }] } }],
] as const)('an acquire with %j is within the bounds', async ([json]) => {
  expect((await service.client.acquire(freshName(), json)).status).toBe(201);
});

test('a ticket may wait a day and not longer', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  expect((await client.acquire(lock, { waitMs: 86_400_000 }, RESPOND_ASYNC)).status).toBe(202);
  expect((await client.acquire(lock, { waitMs: 86_400_001 }, RESPOND_ASYNC)).status).toBe(400);
  expect(await client.waiterCount(lock)).toBe(1);
});

test('following and renewing refuse times out of their bounds', async () => {
  const { client } = service;
  const { id } = await client.hold(freshName());
  const queries = ['waitMs=240001', 'waitMs=-1', 'waitMs=x', 'waitMs=', 'wait=1'];
  const followed = await Promise.all(queries.map((query) => client.ask('GET', `/v1/leases/${id}?${query}`)));
  expect(followed.map(({ status }) => status)).toEqual(queries.map(() => 400));
  for (const json of [{ ttlMs: 99 }, { ttlMs: 86_400_001 }, { ttlMs: '500' }, { more: 1 }]) {
    expect((await client.ask('POST', `/v1/leases/${id}/renew`, { json })).status).toBe(400);
  }
  expect((await client.lease(id)).body).toMatchObject({ state: 'held', ttlMs: 30_000 });
});
