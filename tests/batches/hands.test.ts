import { expect, test } from 'vitest';
import { CLAIMS_PER_WORKER_MAX, HAND_CHUNK_BYTES_MAX, HAND_MAX, HAND_PLACES, QUICK_CHUNK_MS, STUCK_MS } from '../../src/limits.ts';
import type { RunOrder } from '../../src/state/effects.ts';
import { World, type Thread } from './world.ts';

const ITEMS = Array.from({ length: 60 }, (_, n) => n);

/** A service whose threads have done so many chunks of a batch of sixty, one item each: they have what is next in hand. */
function worked(chunks: number, workers = 1): { readonly world: World; readonly id: string } {
  const world = new World(workers);
  const { id } = world.submit({ items: ITEMS, chunkSize: 1 });
  for (let n = 0; n < chunks; n++) world.finish(world.threadOf(id));
  return { world, id };
}

function inHand({ hand }: Thread): string[] {
  return hand.map(({ batch, first }: RunOrder) => `${batch}:${first}`);
}

function rowOf(world: World, { worker }: Thread) {
  return world.state.workers.get(String(worker))!;
}

function takeBacks(world: World): number[] {
  return world.effects.flatMap((effect) => (effect.kind === 'takeBack' ? [effect.worker] : []));
}

/** Two threads of which the first has quick chunks of a batch in hand, and the second has nothing to do. */
function withIdle(items: number): { readonly world: World; readonly id: string; readonly busy: Thread; readonly idle: Thread } {
  const world = new World(2);
  world.takesBack = false;
  const long = world.submit({ items: [0] });
  const idle = world.threadOf(long.id);
  const { id } = world.submit({ items: ITEMS.slice(0, items), chunkSize: 1 });
  for (let n = 0; n < 3; n++) world.finish(world.threadOf(id));
  const busy = world.threadOf(id);
  world.finish(idle);
  return { world, id, busy, idle };
}

test('a thread in quick chunks has what is next in hand, in its order and up to a bound, and goes on with it', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  const told = world.effects.length;
  const lengths: number[] = [];
  for (let item = 8; item < 40; item++) {
    expect(rowOf(world, thread)).toMatchObject({ state: 'running', item });
    expect(inHand(thread)).toEqual(thread.hand.map((_, n) => `${id}:${item + 1 + n}`));
    lengths.push(thread.hand.length);
    world.finish(thread);
  }
  expect(Math.min(...lengths)).toBeGreaterThan(0);
  expect(Math.max(...lengths)).toBeGreaterThan(HAND_MAX / 2);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(HAND_MAX);
  expect(world.effects.slice(told).every((effect) => effect.kind === 'runItems' && effect.order.number !== undefined && world.early.has(effect))).toBe(true);
});

test('all of a batch that is done so has its results, and each item ran once', () => {
  const { world, id } = worked(3, 2);
  world.work();
  expect(world.batch(id)).toMatchObject({ state: 'succeeded', counts: { succeeded: ITEMS.length } });
  expect(world.facts.filter(({ kind }) => kind === 'tasksStarted')).toHaveLength(ITEMS.length);
});

test('what is handed out goes to the shortest hand', () => {
  const { world, id } = worked(0, 2);
  for (let n = 0; n < 8; n++) for (const thread of world.threads.values()) world.finish(thread);
  const lengths = [...world.threads.values()].map(({ hand }) => hand.length);
  expect(Math.max(...lengths)).toBeGreaterThan(1);
  expect(Math.abs(lengths[0]! - lengths[1]!)).toBeLessThanOrEqual(2);
  expect(world.batch(id).counts.running).toBe(2);
});

test('a chunk of more than 7 KiB is not handed out, and none behind it before it has begun', () => {
  const world = new World(1);
  const { id } = world.submit({ items: [0, 1, 2, 3, 'x'.repeat(HAND_CHUNK_BYTES_MAX - 4), 'x'.repeat(HAND_CHUNK_BYTES_MAX - 3), 6, 7], chunkSize: 1 });
  for (let n = 0; n < 4; n++) world.finish(world.threadOf(id));
  expect(inHand(world.threadOf(id))).toEqual([]);
  expect(world.running()).toEqual([`${id}:4`]);
  expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'runItems', order: expect.objectContaining({ first: 4, number: expect.any(Number) }) }));
  world.finish(world.threadOf(id));
  expect(world.running()).toEqual([`${id}:5`]);
  expect(inHand(world.threadOf(id))).toEqual([`${id}:6`, `${id}:7`]);
});

test('nothing of a batch with a setup is handed out, and nothing behind it', () => {
  const world = new World(1);
  const { id } = world.submit({ items: ITEMS, chunkSize: 1, initializer: { function: 'prepare', args: [] } });
  world.endTold();
  world.allReady();
  world.setUp([...world.threads.values()].at(-1)!);
  for (let n = 0; n < 5; n++) world.finish(world.threadOf(id));
  expect(inHand(world.threadOf(id))).toEqual([]);
});

test('what is behind a chunk that has taken longer than 50 ms is asked back as soon as anything is given out, and nothing comes there', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  world.takesBack = false;
  world.pass(QUICK_CHUNK_MS + 1);
  expect(takeBacks(world)).toEqual([]);
  world.submit({ items: [0] });
  expect(takeBacks(world)).toEqual([thread.worker]);
  world.takeBack();
  world.submit({ items: [0] });
  expect(inHand(thread)).toEqual([]);
  world.takesBack = true;
  world.work();
  expect(world.batch(id).state).toBe('succeeded');
});

test('a hand is asked back for an idle thread that has the setup of another batch, which is replaced', () => {
  const world = new World(3);
  const { id: other } = world.submit({ items: [0, 1], chunkSize: 1, initializer: { function: 'prepare', args: [] } });
  world.endTold();
  world.allReady();
  for (const thread of world.threads.values()) if (thread.setup !== undefined) world.setUp(thread);
  const { id } = world.submit({ items: ITEMS.slice(0, 12), chunkSize: 1 });
  world.endTold();
  world.allReady();
  const busy = world.threadOf(id);
  for (let n = 0; n < 4; n++) world.finish(busy);
  expect(inHand(busy)).not.toEqual([]);
  const idle = world.threadOf(other, 0);
  world.finish(idle);
  expect(inHand(busy)).toEqual([]);
  expect(idle.toldToEnd).toBe(true);
  world.work();
  expect([world.batch(id).state, world.batch(other).state]).toEqual(['succeeded', 'succeeded']);
});

test('a thread that was told to stop its item is handed nothing', () => {
  const world = new World(1);
  const { id } = world.submit({ items: ITEMS.slice(0, 12), chunkSize: 3 });
  for (let n = 0; n < 9; n++) world.finish(world.threadOf(id));
  const thread = world.threadOf(id);
  const other = world.submit({ items: ITEMS.slice(0, 4), chunkSize: 1 }).id;
  expect(inHand(thread)).toEqual([]);
  world.ask({ kind: 'cancelBatch', batch: id });
  expect(inHand(thread)).toEqual([]);
  // It had gone on to the next item when it heard of the stop.
  world.report({ kind: 'itemsSettled', worker: thread.worker, results: [{ index: 9, value: '1', logs: '', durationMs: 1 }] });
  expect(thread.toldToEnd).toBe(true);
  world.work();
  expect(world.batch(other).state).toBe('succeeded');
});

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

test('a number is given out only where its place is free of an older one of the same hand', () => {
  const world = new World(1);
  const { id } = world.submit({ items: Array.from({ length: 300 }, (_, n) => n), chunkSize: 1 });
  for (let n = 0; n < 8; n++) world.finish(world.threadOf(id));
  const thread = world.threadOf(id);
  for (let round = 0; round < 60; round++) {
    const { hand } = rowOf(world, thread);
    expect(hand!.at(-1)!.number - hand![0]!.number).toBeLessThan(HAND_PLACES);
    const last = thread.hand.at(-1)!;
    if (thread.hand.length === 1) break;
    thread.hand.pop();
    world.report({ kind: 'orderDamaged', worker: thread.worker, number: last.number });
  }
});

test('a hand is asked back once, and claims keep to their bound', () => {
  const { world, id } = worked(20);
  expect(world.state.batchIndex.claimed.size).toBeLessThanOrEqual(CLAIMS_PER_WORKER_MAX);
  world.takesBack = false;
  world.ask({ kind: 'cancelBatch', batch: id });
  world.report({ kind: 'drain' });
  expect(takeBacks(world)).toHaveLength(1);
});

test('for a thread with nothing to do the longest hand is asked back, once, and what comes back runs there', () => {
  const { world, id, busy, idle } = withIdle(7);
  expect(inHand(busy)).toEqual([`${id}:4`, `${id}:5`, `${id}:6`]);
  expect(takeBacks(world)).toEqual([busy.worker]);
  world.report({ kind: 'tick' });
  expect(takeBacks(world)).toEqual([busy.worker]);
  world.takeBack();
  expect(idle.order).toMatchObject({ batch: id, first: 4 });
  expect(rowOf(world, busy).hand).toBeUndefined();
  expect(inHand(idle)).toEqual([`${id}:5`, `${id}:6`]);
});

test('one whose hand was asked back is handed nothing more before it has begun another chunk', () => {
  const { world, busy, idle } = withIdle(7);
  world.takeBack();
  world.submit({ items: [0, 1, 2, 3], chunkSize: 1 });
  expect(inHand(busy)).toEqual([]);
  world.takesBack = true;
  world.finish(busy);
  world.finish(idle);
  expect(inHand(busy).length + inHand(idle).length).toBeGreaterThan(0);
});

test('what has begun when it is asked back stays, and only the rest comes back', () => {
  const { world, id, busy, idle } = withIdle(7);
  // The thread has gone on, and the main thread has not heard of it yet.
  const [begun] = busy.hand.splice(0, 1);
  world.takeBack();
  expect(rowOf(world, busy)).toMatchObject({ state: 'running', item: 3, hand: [{ number: begun!.number }] });
  expect(idle.order).toMatchObject({ batch: id, first: 5 });
  busy.hand.unshift(begun!);
  world.finish(busy);
  expect(rowOf(world, busy)).toMatchObject({ state: 'running', item: 4 });
  world.takesBack = true;
  world.work();
  expect(world.batch(id).state).toBe('succeeded');
});

test('an answer that comes behind the begin of the next order still takes the others out', () => {
  const { world, id, busy, idle } = withIdle(7);
  world.finish(busy);
  expect(rowOf(world, busy)).toMatchObject({ state: 'running', item: 4 });
  world.takeBack();
  expect(rowOf(world, busy).hand).toBeUndefined();
  expect(idle.order).toMatchObject({ batch: id, first: 5 });
});

test('a thread whose whole hand was taken back while it was between two chunks has nothing to do', () => {
  const { world, id, busy } = withIdle(5);
  const { hand } = busy;
  busy.hand = [];
  world.finish(busy);
  expect(rowOf(world, busy)).toMatchObject({ state: 'between' });
  busy.hand = hand;
  world.takeBack();
  expect(rowOf(world, busy)).toMatchObject({ state: 'idle' });
  expect(world.running()).toEqual([`${id}:4`]);
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
