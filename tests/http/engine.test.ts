// The edge over the real engine, with a journal whose commits a test can hold up: what happens between a grant and its
// answer.

import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { endsAt } from '../../src/locks/leases.ts';
import { ask } from './edge.ts';
import { RawConnection } from './raw.ts';
import { path, real, until } from './real.ts';

test('a lease goes from acquire to release, and its token rises', async (context) => {
  const { edge } = await real(context);
  const first = await ask(edge, 'POST', path('a'), { ttlMs: 5_000, owner: 'me' });
  expect([first.status, first.body]).toEqual([201, expect.objectContaining({ state: 'held', owner: 'me', ttlMs: 5_000 })]);
  const refused = await ask(edge, 'POST', path('a'));
  expect([refused.status, refused.body]).toMatchObject([423, { code: 'lock_held', holders: [{ owner: 'me', fencingToken: first.body['fencingToken'] }], waiters: 0 }]);
  expect((await ask(edge, 'DELETE', String(first.headers['location']))).status).toBe(204);
  const second = await ask(edge, 'POST', path('a'));
  expect(Number(second.body['fencingToken'])).toBeGreaterThan(Number(first.body['fencingToken']));
});

test('a lease that ends while its grant is being committed is answered as lost, and read as expired', async (context) => {
  const { edge, engine, journal } = await real(context);
  await ask(edge, 'POST', path('warm'));
  journal.hold();
  const acquired = ask(edge, 'POST', path('a'), { ttlMs: 100 });
  await until(() => engine.state.leaseIndex.holders === 2);
  const lease = [...engine.state.leases.values()].find(({ lock }) => lock === 'a');
  if (lease?.state !== 'held') throw new Error('the lease is not held');
  await until(() => engine.reading().now > endsAt(engine.state, lease)!);
  journal.letGo();
  const { status, body } = await acquired;
  expect([status, body['code'], body['reason']]).toEqual([410, 'lease_lost', 'expired']);
  expect((await ask(edge, 'GET', `/v1/leases/${lease.id}`)).body).toMatchObject({ state: 'expired' });
});

test('a grant whose client hangs up while it is being committed goes to who is next', async (context) => {
  const { edge, engine, journal } = await real(context);
  const holder = await ask(edge, 'POST', path('a'));
  const gone = await RawConnection.open(edge.port);
  gone.request('POST', path('a'), '{"waitMs":60000,"owner":"gone"}');
  await until(() => engine.state.leaseIndex.queue('a').size === 1);
  const next = ask(edge, 'POST', path('a'), { waitMs: 60_000, owner: 'next' });
  await until(() => engine.state.leaseIndex.queue('a').size === 2);
  journal.hold();
  const released = ask(edge, 'DELETE', String(holder.headers['location']));
  await until(() => engine.state.leaseIndex.queue('a').size === 1);
  const open = (): Promise<number> => promisify(edge.app.server.getConnections.bind(edge.app.server))();
  const before = await open();
  gone.hangUp();
  while ((await open()) >= before) await delay(2);
  journal.letGo();
  expect((await released).status).toBe(204);
  expect((await next).body).toMatchObject({ state: 'held', owner: 'next' });
  expect(gone.received).toBe('');
});
