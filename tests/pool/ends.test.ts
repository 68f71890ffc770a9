import { expect, test } from 'vitest';
import { Bench } from './recorder.ts';

test.each([
  ['exit', 'the worker exited with code 3'],
  ['exitLater', 'the worker exited with code 0'],
  ['rejection', 'unhandled rejection: Error: nobody waits'],
  ['rejectionAndReturn', 'unhandled rejection: Error: nobody waits'],
  ['rejectionOfNothing', 'unhandled rejection: undefined was thrown'],
  ['timer', 'uncaught: RangeError: from a timer'],
])('a task that ends its thread (%s) is told as the end, once, with what it printed', async (way, message) => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'endThread', [way]);
  expect(await bench.ended(worker)).toEqual({ kind: 'workerEnded', worker, message, logs: `ending by ${way}\n` });
  expect(bench.recorder.reports.map((report) => report.kind)).toEqual(['workerReady', 'taskAcquire', 'workerEnded']);
});

test.each(['objects', 'longArrays', 'buffers'])('a task that fills the memory with %s ends its thread and not the service', { timeout: 60_000 }, async (way) => {
  const bench = new Bench();
  const [worker, other] = await Promise.all([bench.started(), bench.started()]);
  bench.run(worker, 'endThread', [way]);
  expect(await bench.ended(worker)).toMatchObject({ message: 'the worker ran out of memory', logs: `ending by ${way}\n` });
  bench.run(other, 'echo', ['alive']);
  expect((await bench.settled(other)).value).toBe('"alive"');
});

test.each(['spin', 'unrolledSpin', 'regexp', 'wait'])('a thread that is told to end does so although its task does not return (%s)', async (way) => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'endThread', [way]);
  bench.run(worker, 'echo', [1], { payloadFirst: 1, first: 1, end: 2 });
  await bench.begun(worker);
  // No event tells that the optimizer has rewritten the loop; a loop that it has not rewritten yet proves less.
  if (way === 'unrolledSpin') await new Promise((resolve) => { setTimeout(resolve, 700); });
  const toldAt = performance.now();
  bench.pool.end(worker);
  expect(await bench.ended(worker)).toEqual({ kind: 'workerEnded', worker, message: 'the worker was ended', logs: `ending by ${way}\n` });
  expect(performance.now() - toldAt).toBeLessThan(2_000);
  expect(bench.recorder.all('itemSettled')).toEqual([]);
});

test('an end in the middle of a chunk comes after the results before it', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'endThread', ['nothing', 'nothing', 'exit', 'nothing']);
  expect(await bench.ended(worker)).toMatchObject({ message: 'the worker exited with code 3', logs: 'ending by exit\n' });
  expect(bench.recorder.reports.filter((report) => report.kind !== 'taskAcquire').map((report) => (report.kind === 'itemSettled' ? report.index : report.kind))).toEqual(['workerReady', 0, 1, 'workerEnded']);
});

test('a rejection that nobody handles is its own item, also when that item returned', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'endThread', ['nothing', 'rejectionAndReturn', 'nothing']);
  await bench.ended(worker);
  expect(bench.recorder.all('itemSettled').map((report) => report.index)).toEqual([0]);
});

test('everything that was posted before an end is told before it, however much it is', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'endThread', [...Array.from({ length: 5_000 }, () => 'nothing'), 'exit']);
  await bench.ended(worker);
  expect(bench.recorder.all('itemSettled')).toHaveLength(5_000);
  expect(bench.recorder.reports.at(-1)?.kind).toBe('workerEnded');
});

test('a thread that is told to end while it starts ends, and nothing follows', async () => {
  const bench = new Bench();
  const worker = bench.start();
  bench.pool.end(worker);
  expect(await bench.ended(worker)).toEqual({ kind: 'workerEnded', worker, message: 'the worker was ended', logs: '' });
});

test('orders for a number that is not there do nothing', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.pool.end(worker);
  bench.pool.end(worker);
  await bench.ended(worker);
  bench.run(worker, 'echo', [1]);
  bench.pool.abort(worker, 'bat_1', 'cancelled');
  bench.pool.answerLock(worker, 1, { kind: 'granted', fencingToken: 1 });
  bench.pool.loseLock(worker, 1, 'revoked');
  bench.pool.end(worker);
  bench.pool.end(77);
  expect(await bench.started()).toBe(worker + 1);
  expect(bench.recorder.all('workerEnded')).toHaveLength(1);
});

test('closing ends every thread, spinning ones too, and reports nothing more', async () => {
  const bench = new Bench();
  const [idle, spinning] = await Promise.all([bench.started(), bench.started()]);
  bench.run(spinning, 'printAndSpin', [0]);
  const starting = bench.start();
  const before = bench.recorder.reports.length;
  await bench.pool.close(5_000);
  bench.start();
  expect(bench.recorder.reports).toHaveLength(before);
  expect([idle, spinning, starting]).toEqual([1, 2, 3]);
});
