// Waiting in line while connections are cut and the service is killed: the place is kept, and left when it should be.

import { expect, test } from 'vitest';
import { Holdfast } from '@holdfast/client';
import { Proxy } from '../../verify/histories/proxy.ts';
import { freshName, sharedService, startService } from '../service/harness.ts';
import { until } from '../service/until.ts';
import { Gate } from './gate.ts';
import { Recorder } from './recorder.ts';

const shared = sharedService();

test('a wait that is longer than a connection should live goes by a ticket, read by requests of ten seconds at the most', { timeout: 60_000 }, async () => {
  const record = new Recorder();
  const lock = new Holdfast({ url: shared.client.http.origin, fetch: record.fetch }).lock(freshName());
  const held = await shared.client.hold(lock.name);
  const waiting = lock.run(({ fencingToken }) => fencingToken, { waitMs: 3_600_000 });
  await shared.client.waitersReach(lock.name, 1);
  await shared.client.release(held.id);
  expect(await waiting).toBeGreaterThan(held.fencingToken);
  expect(record.requests('POST', '/leases').map(({ status, headers }) => [status, headers['prefer']])).toEqual([[202, 'respond-async']]);
});

test('a place in line outlives cut connections, and its lock is granted in turn', { timeout: 60_000 }, async (context) => {
  const proxy = await Proxy.listen(() => Number(new URL(shared.client.http.origin).port));
  context.onTestFinished(() => proxy[Symbol.asyncDispose]());
  const lock = new Holdfast({ url: `http://127.0.0.1:${proxy.port}` }).lock(freshName());
  const held = await shared.client.hold(lock.name, { ttlMs: 60_000 });
  const first = lock.run(() => 'first', { waitMs: 60_000, owner: 'first' });
  await shared.client.waitersReach(lock.name, 1);
  const second = shared.client.queue(lock.name, { owner: 'second', waitMs: 60_000 });
  await shared.client.waitersReach(lock.name, 2);
  const followed = proxy.broken;
  proxy.resetAll();
  expect(proxy.broken).toBeGreaterThan(followed);
  expect((await shared.client.waiters(lock.name)).body.waiters.map(({ owner }) => owner)).toEqual(['first', 'second']);
  await shared.client.release(held.id);
  expect(await first).toBe('first');
  expect((await second.answer).status).toBe(201);
});

test('a place in line outlives a service that is killed and started again', { timeout: 90_000 }, async (context) => {
  const service = await startService(context);
  const lock = new Holdfast({ url: service.client.http.origin }).lock(freshName());
  const held = await service.client.hold(lock.name, { ttlMs: 60_000 });
  const waiting = lock.run(({ fencingToken }) => fencingToken, { waitMs: 60_000 });
  await service.client.waitersReach(lock.name, 1);
  const client = await service.killAndRestart();
  expect((await client.lock(lock.name)).body.waiters).toBe(1);
  await client.release(held.id);
  expect(await waiting).toBeGreaterThan(held.fencingToken);
});

test('an abort while the answer to the acquire is still on its way gives back what that brings', { timeout: 60_000 }, async (context) => {
  const proxy = await Proxy.listen(() => Number(new URL(shared.client.http.origin).port));
  context.onTestFinished(() => proxy[Symbol.asyncDispose]());
  const lock = new Holdfast({ url: `http://127.0.0.1:${proxy.port}` }).lock(freshName());
  proxy.weather = { kind: 'delay', ms: 300 };
  const caller = new AbortController();
  const acquiring = lock.acquire({ ttlMs: 60_000, signal: caller.signal }).catch((error: unknown) => error);
  await until('the service has granted it', async () => (await shared.client.lock(lock.name)).body.state === 'locked');
  const reason = new Error('changed my mind');
  caller.abort(reason);
  expect(await acquiring).toBe(reason);
  await until('it is free', async () => (await shared.client.lock(lock.name)).status === 404);
});

test('a service that is away is waited for, and one that stays away is unreachable', { timeout: 60_000 }, async (context) => {
  const service = await startService(context);
  const { origin } = service.client.http;
  await service.kill();
  const lock = freshName();
  await expect(new Holdfast({ url: origin, retryForMs: 300 }).lock(lock).acquire()).rejects.toMatchObject({ name: 'UnreachableError' });
  const waiting = new Holdfast({ url: origin, retryForMs: 60_000 }).lock(lock).run(() => 'ran');
  await service.start();
  expect(await waiting).toBe('ran');
});

test('who is told to come back later comes back no sooner', { timeout: 60_000 }, async (context) => {
  const gate = await Gate.open(context, shared.client.http.origin);
  gate.refuse(2, { 'retry-after': '1' });
  const token = await new Holdfast({ url: gate.origin }).lock(freshName()).run(({ fencingToken }) => fencingToken);
  expect(token).toBeGreaterThan(0);
  const [first = 0, second = 0, third = 0] = gate.arrivals;
  expect(second - first).toBeGreaterThanOrEqual(1_000);
  expect(third - second).toBeGreaterThanOrEqual(1_000);
});

test('who is told to come back after his time is over hears of it at once', { timeout: 60_000 }, async (context) => {
  const gate = await Gate.open(context, shared.client.http.origin);
  gate.refuse(1, { 'retry-after': '3600' });
  await expect(new Holdfast({ url: gate.origin }).lock(freshName()).acquire()).rejects.toMatchObject({
    name: 'Problem', status: 503, code: 'http_503', retryAfterMs: 3_600_000,
  });
  expect(gate.arrivals).toHaveLength(1);
});

test('a renewal that is told to come back later does so, and the lease is kept', { timeout: 60_000 }, async (context) => {
  const gate = await Gate.open(context, shared.client.http.origin);
  const ttlMs = 6_000;
  await new Holdfast({ url: gate.origin }).lock(freshName()).run(async ({ assertHeld }) => {
    const before = gate.arrivals.length;
    gate.refuse(1, { 'retry-after': '1' });
    await until('it has been renewed after the refusal', () => gate.arrivals.length >= before + 2, 20_000);
    const [refused = 0, renewed = 0] = gate.arrivals.slice(before);
    expect(renewed - refused).toBeGreaterThanOrEqual(1_000);
    assertHeld();
  }, { ttlMs });
});
