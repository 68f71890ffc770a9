import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Json } from '../../src/state/json.ts';
import { Bench } from './recorder.ts';
import type { Setup } from './recorder.ts';

const FUNCTIONS_DIR = fileURLToPath(new URL('../../functions', import.meta.url));
const SHARED: Json = { $lock: 'shared' };

/** Grants one lock, first come first served, until that many grants have ended. */
async function serveLock(bench: Bench, grants: number): Promise<number[]> {
  const served: number[] = [];
  for (let token = 1; token <= grants; token += 1) {
    const ask = await bench.recorder.seen('taskAcquire', (report) => !served.includes(report.worker * 1_000 + report.call));
    served.push(ask.worker * 1_000 + ask.call);
    bench.pool.answerLock(ask.worker, ask.call, { kind: 'granted', fencingToken: token });
    await bench.recorder.seen('taskRelease', (report) => report.fencingToken === token);
  }
  return served;
}

test.each<{ form: string; name: string; setup: Setup | undefined; items: Json[]; call: 'map' | 'starmap' }>([
  { form: 'argument', name: 'drawWithLock', setup: undefined, items: [[SHARED, 0], [SHARED, 1]], call: 'starmap' },
  { form: 'initializer', name: 'drawWithInitializedLock', setup: { initializer: { function: 'useLock', args: [SHARED] } }, items: [0, 1], call: 'map' },
  { form: 'inherited global', name: 'drawWithGlobalLock', setup: { globals: { lock: SHARED } }, items: [0, 1], call: 'map' },
])('the tutorial’s tasks take turns under a lock that reaches them by $form', async ({ name, setup, items, call }) => {
  const bench = new Bench(FUNCTIONS_DIR);
  const workers = await Promise.all([bench.started(setup), bench.started(setup)]);
  for (const [index, worker] of workers.entries()) bench.run(worker, name, items, { call, first: index, end: index + 1 });
  await serveLock(bench, 2);
  for (const [index, worker] of workers.entries()) {
    const { value, logs } = await bench.settled(worker, index);
    expect(value).toMatch(/^0?\.?\d/);
    expect(logs).toBe(`Task ${index} completed with ${value}\n`);
  }
});

test('a task without its lock says so', async () => {
  const bench = new Bench(FUNCTIONS_DIR);
  expect((await bench.outcome('drawWithGlobalLock', 0)).error?.message).toBe('no lock was shared with this worker');
});

test('the small functions do what their descriptions say', async () => {
  const bench = new Bench(FUNCTIONS_DIR);
  expect((await bench.outcome('add', [1, 2], { call: 'starmap' })).value).toBe('3');
  expect((await bench.outcome('fail', 'as asked')).error?.message).toBe('as asked');
  const { functions } = await bench.recorder.seen('workerReady');
  expect(functions.filter((info) => info.description === '')).toEqual([]);
});
