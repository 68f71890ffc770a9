import { expect, test } from 'vitest';
import { CLAIMS_PER_WORKER_MAX, HAND_CHUNK_BYTES_MAX, HAND_MAX, HAND_PLACES, QUICK_CHUNK_MS } from '../../src/limits.ts';
import { inHand, ITEMS, rowOf, takeBacks, worked } from './in-hand.ts';
import { World, type Thread } from './world.ts';

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

test('nor again when the thread has done what it ran and has not gone on', () => {
  const { world, id } = worked(8);
  const thread = world.threadOf(id);
  world.takesBack = false;
  world.ask({ kind: 'cancelBatch', batch: id });
  thread.hand = [];
  world.finish(thread);
  expect(rowOf(world, thread)).toMatchObject({ state: 'between', recalled: true });
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
