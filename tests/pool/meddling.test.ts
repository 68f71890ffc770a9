// Tasks that meddle with their thread: what they do to it never hurts the service, nor what is told of later tasks.

import { expect, test } from 'vitest';
import { LOGS_BYTES_MAX, TASK_LOCK_CALLS_MAX } from '../../src/limits.ts';
import type { Json } from '../../src/state/json.ts';
import { Bench } from './recorder.ts';

function runNext(bench: Bench, worker: number, name: string, item: Json, index = 1): void {
  bench.run(worker, name, [item], { payloadFirst: index, first: index, end: index + 1 });
}

test('neither the port of a thread nor its mailbox is among what its modules can import', async () => {
  expect((await new Bench().outcome('lookForPort', null)).value).toBe('false');
});

test('what a task says through the parent port is heard by nobody, and closing it ends nothing', async () => {
  const bench = new Bench();
  expect((await bench.outcome('useParentPort', null)).value).toBe('"said"');
  expect((await bench.outcome('echo', 1)).value).toBe('1');
});

test.each(['bare', 'nothing', 'number', 'list', 'unknownKind', 'inheritedKind', 'brokenItem', 'brokenError', 'brokenLock', 'brokenFunctions'])('a thread that posts what no thread says (%s) is ended, and nothing of it is believed', async (what) => {
  const bench = new Bench();
  const worker = await bench.started();
  runNext(bench, worker, 'sayThroughPort', what);
  expect(await bench.ended(worker)).toMatchObject({ message: 'the worker posted what is no message' });
  expect(bench.recorder.reports.map(({ kind }) => kind)).toEqual(['workerReady', 'workerEnded']);
});

test('a duration that is no number is told as none', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  runNext(bench, worker, 'sayItemSettled', 1);
  expect(await bench.settled(worker, 1)).toMatchObject({ value: '1', durationMs: 0 });
});

test('an idle thread whose port a task closed ends, although a timer keeps it alive', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  runNext(bench, worker, 'closePortLater', null);
  await bench.settled(worker, 1);
  expect(await bench.ended(worker)).toMatchObject({ kind: 'workerEnded' });
});

test.each(['stringify', 'parse', 'now', 'round', 'byteLength', 'push', 'maps', 'promises', 'tries', 'posts', 'atomics', 'writes', 'numbers'])('what a task replaces (%s) changes nothing of what is told of a later task', async (what) => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'patch', [what]);
  expect((await bench.settled(worker, 0)).value).toBe(`"${what}"`);
  runNext(bench, worker, 'takeAndTell', { lock: { $lock: 'orders' }, text: 'mine' });
  await bench.recorder.seen('taskAcquire');
  bench.pool.answerLock(worker, 1, { kind: 'granted', fencingToken: 9 });
  await bench.recorder.seen('taskRelease');
  const settled = await bench.settled(worker, 1);
  expect(settled.error).toBeUndefined();
  expect(settled).toMatchObject({ value: '{"text":"mine","fencingToken":9}' });
  expect(Number.isInteger(settled.durationMs) && settled.durationMs >= 0).toBe(true);
});

test.each(['numbers', 'atomics', 'maps', 'parse'])('what a task replaces (%s) keeps no order of the hand from being run', async (what) => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'patch', [what]);
  bench.run(worker, 'echo', ['in hand'], { payloadFirst: 1, first: 1, end: 2, number: 5 });
  await bench.settled(worker, 1);
  expect(bench.recorder.all('orderBegun')).toEqual([{ kind: 'orderBegun', worker, number: 5 }]);
  runNext(bench, worker, 'echo', 'at once', 2);
  expect(await bench.settled(worker, 2)).toMatchObject({ value: '"at once"' });
});

test('a result is told although a task gave every object a toJSON', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'patch', ['toJson']);
  await bench.settled(worker, 0);
  runNext(bench, worker, 'echo', 7);
  expect(await bench.settled(worker, 1)).toMatchObject({ value: '7', index: 1 });
});

test('an error is told although a task replaced what texts are taken apart with', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'patch', ['texts']);
  await bench.settled(worker, 0);
  runNext(bench, worker, 'throwPlainly', null);
  expect((await bench.settled(worker, 1)).error).toMatchObject({ name: 'Error', kind: 'error' });
});

test('a lock is given back although the bound of waiting acquires is reached', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'releaseAmongMany', [[{ $lock: 'orders' }, { $lock: 'wanted' }, TASK_LOCK_CALLS_MAX + 5]], { call: 'starmap' });
  await bench.recorder.seen('taskAcquire');
  bench.pool.answerLock(worker, 1, { kind: 'granted', fencingToken: 1 });
  const { lock } = await bench.recorder.seen('taskRelease');
  expect(lock).toBe('orders');
  expect(bench.recorder.all('taskAcquire')).toHaveLength(TASK_LOCK_CALLS_MAX + 1);
  expect((await bench.settled(worker)).value).toBe('"too_many_lock_calls"');
});

test.each([
  ['lock', 'the value is a lock'],
  ['grant', 'the value is a lock or a grant of one: a lock cannot leave its task'],
  ['nested', 'the value at $.rows.0.lock is a lock'],
])('a returned lock or grant (%s) fails the item and shows nothing of itself', async (what, message) => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'giveLock', [[{ $lock: 'orders' }, what]], { call: 'starmap' });
  await bench.recorder.seen('taskAcquire');
  bench.pool.answerLock(worker, 1, { kind: 'granted', fencingToken: 4 });
  const { error, value } = await bench.settled(worker);
  expect(value).toBeUndefined();
  expect(error).toMatchObject({ kind: 'not_serializable', message: expect.stringContaining(message) });
});

test('printed bytes that are no text stay within the bound of prints', async () => {
  const { logs } = await new Bench().outcome('printBytes', LOGS_BYTES_MAX + 5_000);
  expect(Buffer.byteLength(logs)).toBeLessThanOrEqual(LOGS_BYTES_MAX);
  expect(Buffer.byteLength(logs)).toBeGreaterThan(LOGS_BYTES_MAX - 100);
  expect(logs).toMatch(/^\uFFFD+\n… cut at 65536 bytes\n$/u);
});
