import { expect, test, vi } from 'vitest';
import { LOGS_BYTES_MAX } from '../../src/limits.ts';
import { Bench } from './recorder.ts';

test('what an item prints is with its result, each item with its own', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'print', [['a', 'b'], [], ['c']], { call: 'starmap' });
  await bench.settled(worker, 2);
  expect(bench.recorder.all('itemSettled').map((report) => report.logs)).toEqual(['a\nb\n', '', 'c\n']);
});

test('both streams and the console are kept in the order of the prints', async () => {
  expect((await new Bench().outcome('printEverywhere', null)).logs).toBe('out err console 1\nhi');
});

test('the prints of a task that spins are kept when its thread is ended', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'printAndSpin', [0]);
  await bench.begun(worker);
  bench.pool.end(worker);
  expect((await bench.ended(worker)).logs).toBe('before the spin\nin the spin\n');
});

test('prints are cut at their bound, the cut is said, and the next item has the whole bound again', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'printMuch', [[10 * LOGS_BYTES_MAX, 'é'], [1_000, 'x']], { call: 'starmap' });
  await bench.settled(worker, 1);
  const [cut, whole] = bench.recorder.all('itemSettled').map((report) => report.logs);
  expect(Buffer.byteLength(cut ?? '')).toBeGreaterThan(LOGS_BYTES_MAX - 100);
  expect(Buffer.byteLength(cut ?? '')).toBeLessThanOrEqual(LOGS_BYTES_MAX);
  expect(cut).toMatch(/^é+\n… cut at 65536 bytes\n$/);
  expect(whole).toBe('x'.repeat(1_000));
});

test('a warning of the runtime is a print of the item that caused it', async () => {
  expect((await new Bench().outcome('warn', null)).logs).toBe('Warning: careful\n');
});

test('code that an ended item left behind prints for nobody', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'leavePrinter', [0]);
  await bench.settled(worker);
  bench.run(worker, 'printLate', [0], { payloadFirst: 1, first: 1, end: 2 });
  expect((await bench.settled(worker, 1)).logs).toBe('mine\n');
});

test('what an item leaves to promises and ticks is printed by that item, also where it has returned and others follow at once', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'printSoon', ['a', 'b', 'c']);
  await bench.settled(worker, 2);
  expect(bench.recorder.all('itemSettled').map(({ logs }) => logs)).toEqual(['a', 'b', 'c'].map((text) => `${text} in a tick\n${text} in a promise\n`));
});

test('nothing that a thread prints reaches the streams of the service', async () => {
  const written = vi.spyOn(process.stdout, 'write');
  const complained = vi.spyOn(process.stderr, 'write');
  await new Bench().outcome('printEverywhere', null);
  const text = [...written.mock.calls, ...complained.mock.calls].map(([chunk]) => String(chunk)).join('');
  vi.restoreAllMocks();
  expect(text).not.toMatch(/out |err |console 1|while the module loads/);
});
