// Holding a lock while connections are cut and slow and the service is stopped or killed: the lease goes on where it
// can, and where it cannot the work is told before anybody else can have the lock.

import { expect, test, type TestContext } from 'vitest';
import { Holdfast, UnreachableError, type Held } from '@holdfast/client';
import { Proxy } from '../../verify/histories/proxy.ts';
import { freshName, sharedService, startService, type Service } from '../service/harness.ts';
import { pass, until } from '../service/until.ts';
import { Recorder } from './recorder.ts';

const STEP_MS = 5;

/** For the tests that do not end it. */
const shared = sharedService();

/** A proxy before a service, and a client that knows only the proxy. */
async function behindProxy(context: TestContext, service: Service, record = new Recorder(), retryForMs = 15_000): Promise<{ proxy: Proxy; holdfast: Holdfast }> {
  const proxy = await Proxy.listen(() => Number(new URL(service.client.http.origin).port));
  context.onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { proxy, holdfast: new Holdfast({ url: `http://127.0.0.1:${proxy.port}`, fetch: record.fetch, retryForMs }) };
}

/** Works in short steps for so long, each checked before it; gives the moments of the steps. */
async function workFor(ms: number, { assertHeld }: Held): Promise<readonly number[]> {
  const steps: number[] = [];
  for (const start = performance.now(); performance.now() < start + ms;) {
    const at = performance.now();
    assertHeld();
    steps.push(at);
    await pass(STEP_MS);
  }
  return steps;
}

/** Works in short steps until the check before one of them fails. */
async function workUntilLost({ assertHeld }: Held, steps: number[]): Promise<never> {
  for (;;) {
    const at = performance.now();
    assertHeld();
    steps.push(at);
    await pass(STEP_MS);
  }
}

test('a lease outlives connections that are cut half-way through their answers', { timeout: 60_000 }, async (context) => {
  const { proxy, holdfast } = await behindProxy(context, shared);
  const lock = holdfast.lock(freshName());
  let broken = 0;
  await lock.run(async (held) => {
    proxy.weather = { kind: 'cut', afterBytes: () => 300 + 150 * (broken++ % 10), reset: broken % 2 === 0 };
    await workFor(8_000, held);
    const { holders } = (await shared.client.lock(lock.name)).body;
    expect(holders.map(({ fencingToken }) => fencingToken)).toEqual([held.fencingToken]);
    proxy.weather = { kind: 'clear' };
  }, { ttlMs: 6_000 });
  expect(proxy.broken).toBeGreaterThan(1);
});

test('a lease is renewed although every answer takes longer than the time between two renewals', { timeout: 60_000 }, async (context) => {
  const record = new Recorder();
  const { proxy, holdfast } = await behindProxy(context, shared, record);
  await holdfast.lock(freshName()).run(async (held) => {
    proxy.weather = { kind: 'delay', ms: 1_200 };
    await workFor(9_000, held);
    proxy.weather = { kind: 'clear' };
  }, { ttlMs: 6_000 });
  expect(record.requests('POST', '/renew').filter(({ status }) => status === 200).length).toBeGreaterThan(1);
});

test('a lease outlives a service that is killed and started again, and is renewed by the new process', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const recorder = new Recorder();
  const { holdfast } = await behindProxy(context, service, recorder);
  const lock = holdfast.lock(freshName());
  await lock.run(async (held) => {
    await service.killAndRestart();
    const startedAt = performance.now();
    held.assertHeld();
    await until('it is renewed', () => recorder.requests('POST', '/renew').some(({ at, status }) => at > startedAt && status === 200), 60_000);
    held.assertHeld();
    expect((await service.client.lock(lock.name)).body.holders.map(({ fencingToken }) => fencingToken)).toEqual([held.fencingToken]);
  }, { ttlMs: 45_000 });
});

test('work stops before the bound when the service stands still, with the reason unreachable, and run rejects', { timeout: 60_000 }, async (context) => {
  const record = new Recorder();
  const { holdfast } = await behindProxy(context, shared, record);
  const lock = holdfast.lock(freshName());
  const steps: number[] = [];
  let reason: unknown;
  const running = lock.run(async (held) => {
    held.signal.addEventListener('abort', () => { ({ reason } = held.signal); });
    shared.child.signal('SIGSTOP');
    await workUntilLost(held, steps);
  }, { ttlMs: 4_000 });
  await expect(running).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'unreachable' });
  shared.child.signal('SIGCONT');
  expect(reason).toMatchObject({ reason: 'unreachable' });
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.filter((at) => at > record.heldUntil)).toEqual([]);
  await holdfast.lock(lock.name).run((held) => { held.assertHeld(); }, { waitMs: 30_000 });
});

test('work stops before the bound when nothing passes between it and the service, and nobody has the lock before', { timeout: 60_000 }, async (context) => {
  const record = new Recorder();
  const { proxy, holdfast } = await behindProxy(context, shared, record);
  const lock = holdfast.lock(freshName());
  const steps: number[] = [];
  const running = lock.run(async (held) => {
    proxy.weather = { kind: 'stall' };
    await workUntilLost(held, steps);
  }, { ttlMs: 4_000 }).catch((error: unknown) => error);
  await until('the work has begun', () => steps.length > 0);
  const direct = new Holdfast({ url: shared.client.http.origin });
  const nextAt = await direct.lock(lock.name).run(() => performance.now(), { waitMs: 30_000 });
  expect(await running).toMatchObject({ name: 'LeaseLostError', reason: 'unreachable' });
  expect(steps.filter((at) => at > record.heldUntil || at > nextAt)).toEqual([]);
});

test('an acquire whose answer was lost finds its lease by its key: there is one grant', { timeout: 60_000 }, async (context) => {
  let losing: Proxy | undefined;
  const record = new Recorder((nth) => {
    if (losing !== undefined) losing.weather = nth === 0 ? { kind: 'cut', afterBytes: () => 0, reset: false } : { kind: 'clear' };
  });
  const { proxy, holdfast } = await behindProxy(context, shared, record);
  losing = proxy;
  const lock = holdfast.lock(freshName());
  const before = await shared.client.hold(freshName());
  await using lease = await lock.acquire({ ttlMs: 60_000 });
  const asked = record.requests('POST', '/leases');
  expect(asked.map(({ status }) => status)).toEqual([undefined, 201]);
  expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  expect(lease.fencingToken).toBe(before.fencingToken + 1);
  expect((await shared.client.lock(lock.name)).body).toMatchObject({ waiters: 0, holders: [{ fencingToken: lease.fencingToken }] });
});

test('a grant whose time is over when its answer comes is none: nothing runs, and the lock is given back', { timeout: 60_000 }, async (context) => {
  const { proxy, holdfast } = await behindProxy(context, shared, new Recorder(), 2_000);
  const lock = holdfast.lock(freshName());
  proxy.weather = { kind: 'delay', ms: 700 };
  await expect(lock.run(() => 'ran', { ttlMs: 500 })).rejects.toBeInstanceOf(UnreachableError);
  proxy.weather = { kind: 'clear' };
  const { status } = await shared.client.acquire(lock.name, { waitMs: 10_000 });
  expect(status).toBe(201);
});

test('a function that returns while the service is away gets its value out: the lease ends by itself', { timeout: 60_000 }, async (context) => {
  const service = await startService(context);
  const { holdfast } = await behindProxy(context, service, new Recorder(), 500);
  const value = await holdfast.lock(freshName()).run(async () => {
    await service.kill();
    return 'done';
  }, { ttlMs: 30_000 });
  expect(value).toBe('done');
});

test('a release that reaches nobody says so', { timeout: 60_000 }, async (context) => {
  const service = await startService(context);
  const { holdfast } = await behindProxy(context, service, new Recorder(), 500);
  const lease = await holdfast.lock(freshName()).acquire();
  await service.kill();
  await expect(lease.release()).rejects.toBeInstanceOf(UnreachableError);
});
