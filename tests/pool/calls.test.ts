import { expect, test } from 'vitest';
import type { Json } from '../../src/state/json.ts';
import { Bench } from './recorder.ts';

const value = (report: { readonly value?: string | undefined }): unknown => JSON.parse(report.value ?? 'null');

test('a map passes the item as the one argument, whatever it is', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  const items: Json[] = [1, 'two', [3, [4]], { five: null }, null, { __proto__x: 1 }];
  bench.run(worker, 'echo', items);
  await bench.settled(worker, items.length - 1);
  expect(bench.recorder.all('itemSettled').map(value)).toEqual(items);
});

test('a starmap spreads the item over the arguments', async () => {
  const bench = new Bench();
  expect(value(await bench.outcome('add', [2, 3], { call: 'starmap' }))).toBe(5);
  expect(value(await bench.outcome('countArguments', [1, [2], 3], { call: 'starmap' }))).toBe(3);
  expect(value(await bench.outcome('countArguments', [1, [2], 3]))).toBe(1);
});

test('an item named __proto__ arrives as data', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  const item: Json = JSON.parse('{"__proto__": {"polluted": true}}');
  bench.run(worker, 'echo', [item]);
  expect((await bench.settled(worker)).value).toContain('"__proto__":{"polluted":true}');
});

test('the items of an order are its part of the payload, each with its own index and the attempt', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'describeContext', ['a', 'b', 'c', 'd'], { payloadFirst: 10, first: 11, end: 13, attempt: 2 });
  await bench.settled(worker, 12);
  expect(bench.recorder.all('itemSettled').map((report) => report.index)).toEqual([11, 12]);
  expect(bench.recorder.all('itemSettled').map(value)).toEqual([
    { batch: 'bat_1', index: 11, attempt: 2, aborted: false },
    { batch: 'bat_1', index: 12, attempt: 2, aborted: false },
  ]);
});

test('a failed item does not stop those behind it, and results come in order', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'rejectWith', ['one', 'two']);
  await bench.settled(worker, 1);
  expect(bench.recorder.all('itemSettled').map((report) => [report.index, report.error?.message, report.value])).toEqual([[0, 'one', undefined], [1, 'two', undefined]]);
});

test('a function that no module exports fails the item by name', async () => {
  const bench = new Bench();
  for (const name of ['nowhere', 'constructor', '__proto__', 'NotAFunction', 'constant']) {
    expect((await bench.outcome(name, 1)).error).toMatchObject({ kind: 'error', code: 'function_not_found' });
  }
});

test('a told stop aborts the signal of what runs and begins no further item', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'waitForAbort', [0, 1, 2]);
  bench.pool.abort(worker, 'bat_1', 'cancelled');
  expect(value(await bench.settled(worker))).toMatchObject({ code: 'cancelled' });
  bench.run(worker, 'echo', ['next'], { first: 7, end: 8, payloadFirst: 7 });
  await bench.settled(worker, 7);
  expect(bench.recorder.all('itemSettled').map((report) => report.index)).toEqual([0, 7]);
});

test('a told stop between synchronous items is heard before the next begins', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'print', Array.from({ length: 20_000 }, () => 'x'));
  await bench.settled(worker, 0);
  bench.pool.abort(worker, 'bat_1', 'cancelled');
  bench.run(worker, 'echo', ['next'], { first: 50_000, end: 50_001, payloadFirst: 50_000 });
  await bench.settled(worker, 50_000);
  expect(bench.recorder.all('itemSettled').length).toBeLessThan(20_000);
});

test('what a task enters by itself is not there for the next one', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'enterContext', [1, 2, 3]);
  await bench.settled(worker, 2);
  expect(bench.recorder.all('itemSettled').map(value)).toEqual([null, null, null]);
});

test('timers that a task left behind have their turn, also while many short tasks follow', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'workBesideTimer', Array.from({ length: 200 }, () => 0.2));
  expect(Number(value(await bench.settled(worker, 199)))).toBeGreaterThan(5);
});

test('a stop that comes after the order has ended touches no later order', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'echo', [0]);
  await bench.settled(worker, 0);
  bench.pool.abort(worker, 'bat_1', 'timeout');
  bench.run(worker, 'describeContext', [0, 0], { payloadFirst: 1, first: 1, end: 3 });
  expect(value(await bench.settled(worker, 2))).toMatchObject({ aborted: false });
});

test('durations are whole milliseconds', async () => {
  const bench = new Bench();
  const { durationMs } = await bench.outcome('warn', 1);
  expect(Number.isInteger(durationMs) && durationMs >= 4).toBe(true);
});

test('a thread sees no variable of the service and none of its arguments', async () => {
  process.env['HOLDFAST_TOKENS'] = 'secret';
  process.env['POOL_TEST_PLAIN'] = 'plain';
  try {
    const bench = new Bench();
    expect(value(await bench.outcome('readEnvironment', null))).toEqual(['POOL_TEST_PLAIN']);
    expect(value(await bench.outcome('readArguments', null))).toEqual([]);
  } finally {
    delete process.env['HOLDFAST_TOKENS'];
    delete process.env['POOL_TEST_PLAIN'];
  }
});
