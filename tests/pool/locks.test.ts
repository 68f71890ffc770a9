import { expect, test } from 'vitest';
import { TASK_LOCK_CALLS_MAX } from '../../src/limits.ts';
import type { RunOrder } from '../../src/state/effects.ts';
import { SETUP_SCOPE } from '../../src/state/inputs.ts';
import type { Json } from '../../src/state/json.ts';
import { Bench } from './recorder.ts';
import type { ReportOf } from './recorder.ts';

const ORDERS: Json = { $lock: 'orders' };

/** Grants the call of that number (the first is 1) with a token of its own and gives the question. */
async function grant(bench: Bench, worker: number, call: number): Promise<ReportOf<'taskAcquire'>> {
  const asked = await bench.recorder.seen('taskAcquire', (report) => report.worker === worker && report.call === call);
  bench.pool.answerLock(worker, call, { kind: 'granted', fencingToken: 1_000 + call });
  return asked;
}

/** What the call of that number was granted is given back. */
function released(bench: Bench, worker: number, call: number): Promise<ReportOf<'taskRelease'>> {
  return bench.recorder.seen('taskRelease', (report) => report.worker === worker && report.fencingToken === 1_000 + call);
}

async function running(name: string, items: readonly Json[], order: Partial<RunOrder> = {}): Promise<{ bench: Bench; worker: number }> {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, name, items, order);
  return { bench, worker };
}

test('a lock that comes as an argument is acquired for its item and released at the end of the block', async () => {
  const { bench, worker } = await running('hold', [[ORDERS, { ttlMs: 5_000, waitMs: 100 }]], { call: 'starmap', payloadFirst: 4, first: 4, end: 5 });
  expect(await grant(bench, worker, 1)).toEqual({ kind: 'taskAcquire', worker, call: 1, scope: 4, lock: 'orders', ttlMs: 5_000, waitMs: 100 });
  expect(await released(bench, worker, 1)).toEqual({ kind: 'taskRelease', worker, lock: 'orders', fencingToken: 1_001 });
  expect((await bench.settled(worker, 4)).value).toBe('1001');
});

test('without options nothing is said of ttlMs and waitMs', async () => {
  const { bench, worker } = await running('hold', [ORDERS]);
  expect(await grant(bench, worker, 1)).toEqual({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock: 'orders' });
});

test('a lock by name, and one deep in an item, are the same lock', async () => {
  const byName = await running('holdByName', ['orders/42']);
  expect(await grant(byName.bench, byName.worker, 1)).toMatchObject({ scope: 0, lock: 'orders/42' });
  await released(byName.bench, byName.worker, 1);
  expect((await byName.bench.settled(byName.worker)).value).toBe('1001');
  const nested = await running('holdNested', [{ deep: [{ lock: ORDERS }] }]);
  expect(await grant(nested.bench, nested.worker, 1)).toMatchObject({ scope: 0, lock: 'orders' });
  await released(nested.bench, nested.worker, 1);
  expect((await nested.bench.settled(nested.worker)).value).toBe('1001');
});

test('a lock of the initializer is acquired for the setup there, and for the item that uses it later', async () => {
  const bench = new Bench();
  const worker = await bench.started({ initializer: { function: 'initializeLock', args: [ORDERS] } });
  expect((await grant(bench, worker, 1)).scope).toBe(SETUP_SCOPE);
  await released(bench, worker, 1);
  await bench.recorder.seen('setupSettled');
  bench.run(worker, 'holdInitialized', [0], { payloadFirst: 6, first: 6, end: 7 });
  expect((await grant(bench, worker, 2)).scope).toBe(6);
  await released(bench, worker, 2);
  expect((await bench.settled(worker, 6)).value).toBe('1002');
});

test('a lock of the globals is acquired for the item that uses it', async () => {
  const bench = new Bench();
  const worker = await bench.started({ globals: { shared: ORDERS } });
  bench.run(worker, 'holdGlobal', [0, 0]);
  for (const [index, call] of [[0, 1], [1, 2]] as const) {
    expect((await grant(bench, worker, call)).scope).toBe(index);
    await released(bench, worker, call);
  }
  expect((await bench.settled(worker, 1)).value).toBe('1002');
});

test('a refused acquire rejects with its code', async () => {
  const { bench, worker } = await running('hold', [ORDERS]);
  await bench.recorder.seen('taskAcquire');
  bench.pool.answerLock(worker, 1, { kind: 'refused', code: 'wait_timed_out', message: 'it took too long' });
  expect((await bench.settled(worker)).error).toMatchObject({ name: 'LockError', code: 'wait_timed_out', message: 'it took too long', kind: 'error' });
});

test('a body that throws under withLock releases, and its own error is the failure', async () => {
  const { bench, worker } = await running('failUnderLock', [ORDERS]);
  await grant(bench, worker, 1);
  await released(bench, worker, 1);
  expect((await bench.settled(worker)).error).toMatchObject({ message: 'under the lock', code: 'E_WORK', kind: 'error' });
});

test('releasing twice gives back once', async () => {
  const { bench, worker } = await running('releaseTwice', [ORDERS]);
  await grant(bench, worker, 1);
  await released(bench, worker, 1);
  expect((await bench.settled(worker)).value).toBe('["fulfilled","fulfilled"]');
  expect(bench.recorder.all('taskRelease')).toHaveLength(1);
});

test('a lost lock aborts the signals of the grant and of the task, and the end of its block says nothing more', async () => {
  const { bench, worker } = await running('waitForLoss', [ORDERS]);
  await grant(bench, worker, 1);
  bench.pool.loseLock(worker, 1_001, 'revoked');
  await bench.recorder.seen('taskRelease');
  const reason = { code: 'lock_lost', message: 'the lock orders was lost: revoked' };
  expect(JSON.parse((await bench.settled(worker)).value ?? '')).toEqual([reason, reason]);
});

test('a task that is told to stop waits no longer, and a grant that comes nevertheless is given back', async () => {
  const { bench, worker } = await running('waitInVain', [ORDERS]);
  await bench.recorder.seen('taskAcquire');
  bench.pool.abort(worker, 'bat_1', 'cancelled');
  await bench.recorder.seen('taskAcquire', (report) => report.lock === 'after');
  bench.pool.answerLock(worker, 1, { kind: 'granted', fencingToken: 7 });
  expect(await bench.recorder.seen('taskRelease')).toEqual({ kind: 'taskRelease', worker, lock: 'orders', fencingToken: 7 });
  await grant(bench, worker, 2);
  expect(JSON.parse((await bench.settled(worker)).value ?? '')).toEqual({ code: 'cancelled', aborted: true });
});

test('a loss of a token that nobody here holds does nothing', async () => {
  const { bench, worker } = await running('hold', [ORDERS]);
  bench.pool.loseLock(worker, 5, 'revoked');
  await grant(bench, worker, 1);
  await released(bench, worker, 1);
  expect((await bench.settled(worker)).value).toBe('1001');
});

test('code that an ended item left behind gets no lock, and is told why', async () => {
  const { bench, worker } = await running('leave', [ORDERS]);
  await bench.settled(worker);
  bench.run(worker, 'runLeft', [0], { payloadFirst: 1, first: 1, end: 2 });
  expect(JSON.parse((await bench.settled(worker, 1)).value ?? '')).toMatchObject({ code: 'task_ended' });
  expect(bench.recorder.all('taskAcquire')).toEqual([]);
});

test('an ended item gives nothing back: what it held was released with its end', async () => {
  const { bench, worker } = await running('keep', [ORDERS]);
  await grant(bench, worker, 1);
  await bench.settled(worker);
  bench.run(worker, 'releaseKept', [0], { payloadFirst: 1, first: 1, end: 2 });
  expect((await bench.settled(worker, 1)).value).toBe('"released"');
  expect(bench.recorder.all('taskRelease')).toEqual([]);
});

test('times out of range and malformed names are refused in the thread', async () => {
  const { bench, worker } = await running('acquireWrongly', [ORDERS]);
  const refusals: unknown[] = JSON.parse((await bench.settled(worker)).value ?? '[]');
  expect(refusals).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^RangeError: (ttlMs|waitMs) is an integer from \d+ to 86400000$/)));
  for (const name of ['', '.', '..', 'a b', 'x'.repeat(257), 'ü']) {
    expect((await bench.outcome('nameWrongly', name)).error).toMatchObject({ name: 'TypeError' });
  }
  expect(bench.recorder.all('taskAcquire')).toEqual([]);
});

test('a task that asks without end is refused in the thread once too many of its calls wait', async () => {
  const { bench, worker } = await running('flood', [[ORDERS, TASK_LOCK_CALLS_MAX + 50]], { call: 'starmap' });
  expect((await bench.settled(worker)).value).toBe('50');
  expect(bench.recorder.all('taskAcquire')).toHaveLength(TASK_LOCK_CALLS_MAX);
});

test('an object with more than $lock in it, or no name, is data', async () => {
  const bench = new Bench();
  for (const item of [{ $lock: 'a', other: 1 }, { $lock: 1 }, [{ $locks: 'a' }]] as const) {
    expect(JSON.parse((await bench.outcome('echo', item)).value ?? '')).toEqual(item);
  }
});
