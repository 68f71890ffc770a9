import { expect, test } from 'vitest';
import { STUCK_MS } from '../../src/limits.ts';
import { inHand, ITEMS, rowOf, takeBacks, worked } from './in-hand.ts';
import { World, type Thread } from './world.ts';

test('a thread that does not go on with its hand is replaced after 5 s', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  const { hand } = thread;
  thread.hand = [];
  world.finish(thread);
  thread.hand = hand;
  world.takesBack = false;
  world.pass(STUCK_MS - 1);
  expect(thread.toldToEnd).toBe(false);
  world.pass(2);
  expect(thread.toldToEnd).toBe(true);
  world.takesBack = true;
  world.work();
  expect(world.batch(id)).toMatchObject({ state: 'succeeded', counts: { succeeded: ITEMS.length } });
});

test('what had begun on a thread that was told to end over a time-out runs again in its next attempt, and the rest in its first', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  world.takesBack = false;
  world.pass(60_001);
  expect(takeBacks(world)).toEqual([thread.worker]);
  // It has not heard of that yet.
  world.finish(thread);
  world.finish(thread);
  world.takeBack();
  world.takesBack = true;
  world.end(thread);
  const attempts = new Map<number, number>();
  world.work(({ item, order }) => {
    attempts.set(item, order!.attempt);
    return { value: '1' };
  });
  expect([...attempts].filter(([, attempt]) => attempt > 1)).toEqual([[9, 2], [10, 2]]);
  expect(world.results(id).filter((result) => !result.endsWith('succeeded'))).toEqual(['8:timeout']);
});

test('with its batch what is in a hand is cancelled when it has come back', () => {
  const { world, id } = worked(8);
  world.takesBack = false;
  const { length } = world.threadOf(id).hand;
  world.ask({ kind: 'cancelBatch', batch: id });
  expect(length).toBeGreaterThan(1);
  expect(world.batch(id).counts).toMatchObject({ pending: length, running: 1 });
  world.takeBack();
  expect(world.batch(id).counts).toMatchObject({ pending: 0, running: 1, cancelled: ITEMS.length - 9 });
  world.finish(world.threadOf(id));
  expect(world.batch(id).state).toBe('cancelled');
});

test('what has begun out of a hand before it came back is told to stop with its batch', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  world.takesBack = false;
  world.ask({ kind: 'cancelBatch', batch: id });
  world.finish(thread);
  expect(rowOf(world, thread)).toMatchObject({ state: 'running', item: 9, aborted: true });
  world.takeBack();
  world.finish(thread, { error: { name: 'AbortError', message: 'stopped', kind: 'error' } });
  expect(world.batch(id)).toMatchObject({ state: 'cancelled', counts: { succeeded: 9, cancelled: ITEMS.length - 9 } });
});

/** A thread in the first item of a chunk of three of a batch, with chunks of another in hand, when the batch is cancelled. */
function cut(): { readonly world: World; readonly other: string; readonly thread: Thread } {
  const world = new World(1);
  const { id } = world.submit({ items: ITEMS.slice(0, 12), chunkSize: 3 });
  const other = world.submit({ items: ITEMS.slice(0, 5), chunkSize: 1 }).id;
  for (let n = 0; n < 9; n++) world.finish(world.threadOf(id));
  const thread = world.threadOf(id);
  expect(inHand(thread)[0]).toBe(`${other}:0`);
  world.takesBack = false;
  world.ask({ kind: 'cancelBatch', batch: id });
  return { world, other, thread };
}

test('a thread that may still be in an item that nobody wants is replaced when its hand has come back', () => {
  const { world, other, thread } = cut();
  const { hand } = thread;
  thread.hand = [];
  world.finish(thread);
  expect(rowOf(world, thread)).toMatchObject({ state: 'between', isCut: true });
  // It speaks of the item that nobody wants.
  world.report({ kind: 'itemsSettled', worker: thread.worker, results: [{ index: 10, value: '1', logs: '', durationMs: 1 }] });
  thread.hand = hand;
  world.takeBack();
  expect(thread.toldToEnd).toBe(true);
  world.takesBack = true;
  world.work();
  expect(world.batch(other).counts).toMatchObject({ succeeded: 5 });
});

test('and is used again when it has gone on with its hand', () => {
  const { world, other, thread } = cut();
  world.finish(thread);
  expect(rowOf(world, thread)).toMatchObject({ state: 'running', item: 0 });
  expect(rowOf(world, thread).isCut).toBeUndefined();
  world.takesBack = true;
  world.takeBack();
  world.work();
  expect(thread.toldToEnd).toBe(false);
  expect(world.batch(other).state).toBe('succeeded');
});

test('a thread that ends leaves its hand as it was: the chunks wait in their place, their attempt unchanged', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  const before = inHand(thread);
  world.end(thread);
  world.allReady();
  const next = world.threadOf(id);
  expect(next.order).toMatchObject({ first: 9, attempt: 1 });
  expect(before[0]).toBe(`${id}:9`);
  world.work();
  expect(world.results(id).filter((result) => !result.endsWith('succeeded'))).toEqual(['8:worker_lost']);
});

test('so does one that was over its time, and one that could not be ended', () => {
  for (const isEnded of [true, false]) {
    const { world, id } = worked(8);
    const thread = world.threadOf(id);
    world.pass(60_001);
    expect(thread.toldToEnd).toBe(true);
    if (isEnded) world.end(thread);
    else world.pass(5_001);
    world.allReady();
    expect(world.running().at(-1)).toBe(`${id}:9`);
  }
});

test('at an orderly stop hands are asked back, and what stayed there is put back uncounted', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  world.takesBack = false;
  world.report({ kind: 'drain' });
  expect(takeBacks(world)).toEqual([thread.worker]);
  world.report({ kind: 'stop' });
  world.restart();
  expect([...world.state.chunks.values()].map(({ attempt }) => attempt)).toEqual(ITEMS.slice(8).map(() => 1));
  world.takesBack = true;
  world.allReady();
  world.work();
  expect(world.batch(id).state).toBe('succeeded');
});

test('a drained thread does not go on', () => {
  const { world, id } = worked(8);
  world.report({ kind: 'drain' });
  world.finish(world.threadOf(id));
  expect(world.running()).toEqual([]);
  expect(world.workerStates()).toEqual(['idle']);
});

test('what is cancelled in a hand when the process stops is cancelled after the start', () => {
  const { world, id } = worked(8);
  world.takesBack = false;
  world.ask({ kind: 'cancelBatch', batch: id });
  world.report({ kind: 'stop' });
  world.restart();
  expect(world.batch(id)).toMatchObject({ state: 'cancelled', counts: { pending: 0, running: 0 } });
});

test('after a crash what was in a hand runs in its next attempt, like all that was claimed', () => {
  const { world, id } = worked(8);
  world.restart();
  world.allReady();
  world.finish(world.threadOf(id));
  expect(world.threadOf(id).order).toMatchObject({ first: 9, attempt: 2 });
  world.work();
  expect(world.batch(id).state).toBe('succeeded');
});

test('a damaged chunk of a hand fails, and what is behind it runs', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  const [damaged] = thread.hand.splice(0, 1);
  world.report({ kind: 'orderDamaged', worker: thread.worker, number: damaged!.number });
  world.finish(thread);
  expect(world.running()).toEqual([`${id}:10`]);
  world.work();
  expect(world.results(id).filter((result) => !result.endsWith('succeeded'))).toEqual(['9:error']);
});

test('a thread whose chunk is damaged goes on with its hand', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  thread.order = undefined;
  world.report({ kind: 'orderDamaged', worker: thread.worker });
  expect(rowOf(world, thread)).toMatchObject({ state: 'between' });
  world.goOn(thread);
  expect(world.running()).toEqual([`${id}:9`]);
  world.work();
  expect(world.results(id).filter((result) => !result.endsWith('succeeded'))).toEqual(['8:error']);
});

test('what no thread has in hand does not begin', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  const { state, hand } = rowOf(world, thread);
  for (const number of [0, 1_000_000, hand![1]!.number]) world.report({ kind: 'orderBegun', worker: thread.worker, number });
  world.report({ kind: 'orderBegun', worker: 99, number: 1 });
  world.report({ kind: 'ordersTakenBack', worker: 99, numbers: [1] });
  expect(rowOf(world, thread)).toMatchObject({ state, hand });
  const told = thread.hand;
  thread.hand = [];
  world.finish(thread);
  world.report({ kind: 'orderBegun', worker: thread.worker, number: hand![1]!.number });
  expect(rowOf(world, thread)).toMatchObject({ state: 'between' });
  thread.hand = told;
});
