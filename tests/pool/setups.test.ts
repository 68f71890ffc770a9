import { expect, test } from 'vitest';
import { Bench } from './recorder.ts';

test('an initializer is called once with its arguments before any item, and says that it has settled', async () => {
  const bench = new Bench();
  const worker = await bench.started({ initializer: { function: 'initialize', args: ['a', { b: 1 }] } }, 'bat_9');
  const settled = await bench.recorder.seen('setupSettled');
  expect(settled).toEqual({ kind: 'setupSettled', worker });
  bench.run(worker, 'readInitialized', [0]);
  expect(JSON.parse((await bench.settled(worker)).value ?? '')).toEqual({ batch: 'bat_9', args: ['a', { b: 1 }], hasIndex: false });
  expect(bench.recorder.reports.map((report) => report.kind)).toEqual(['workerReady', 'setupSettled', 'itemSettled']);
});

test('globals are properties of globalThis, also without an initializer', async () => {
  const bench = new Bench();
  const worker = await bench.started({ globals: { rate: 2.5, __proto__x: 1 } });
  await bench.recorder.seen('setupSettled');
  bench.run(worker, 'readGlobal', ['rate']);
  expect((await bench.settled(worker)).value).toBe('2.5');
});

test('two setups never see each other', async () => {
  const bench = new Bench();
  const [one, two, none] = await Promise.all([
    bench.started({ globals: { mine: 'one' }, initializer: { function: 'initialize', args: [1] } }),
    bench.started({ globals: { mine: 'two' } }),
    bench.started(),
  ]);
  for (const worker of [one, two, none]) bench.run(worker, 'readGlobal', ['mine']);
  for (const worker of [one, two, none]) await bench.settled(worker);
  for (const worker of [one, two, none]) bench.run(worker, 'readInitialized', [0], { payloadFirst: 1, first: 1, end: 2 });
  const seen = async (worker: number): Promise<unknown[]> => [(await bench.settled(worker, 0)).value, (await bench.settled(worker, 1)).value];
  expect(await seen(one)).toEqual(['"one"', expect.stringContaining('[1]')]);
  expect(await seen(two)).toEqual(['"two"', 'null']);
  expect(await seen(none)).toEqual(['null', 'null']);
});

test('an initializer that throws is reported with kind initializer, and the thread lives', async () => {
  const bench = new Bench();
  const worker = await bench.started({ initializer: { function: 'failToInitialize', args: [] } });
  expect((await bench.recorder.seen('setupSettled')).error).toMatchObject({ name: 'Error', message: 'no such database', kind: 'initializer' });
  bench.run(worker, 'echo', [1]);
  expect((await bench.settled(worker)).logs).toBe('');
});

test('an initializer that no module exports is reported by name', async () => {
  const bench = new Bench();
  await bench.started({ initializer: { function: 'nowhere', args: [] } });
  expect((await bench.recorder.seen('setupSettled')).error).toMatchObject({ kind: 'initializer', code: 'function_not_found' });
});

test('an initializer that ends its thread is reported as the end, with what it printed', async () => {
  const bench = new Bench();
  const worker = bench.start({ initializer: { function: 'endThread', args: ['exit'] } });
  expect(await bench.ended(worker)).toEqual({ kind: 'workerEnded', worker, message: 'the worker exited with code 3', logs: 'ending by exit\n' });
  expect(bench.recorder.all('setupSettled')).toEqual([]);
});
