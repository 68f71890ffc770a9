// How items end: by themselves, over their time, with their thread, without their lock, or cancelled.

import { describe, expect, test } from 'vitest';
import { CANCEL_GRACE_MS, STUCK_MS } from '../../src/limits.ts';
import { BOOM, codeOf, viewOf, World } from './world.ts';

function kept(world: World, id: string, index: number): unknown {
  return JSON.parse(world.payloads.get(`${id}/r${index}`) ?? 'null');
}

describe('results', () => {
  test('each item keeps its own value, error and prints', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2, 3], chunkSize: 4 });
    const done = [{ value: '{"a":[1]}' }, { value: 'null' }, { error: BOOM, logs: 'before it' }, { value: '3', logs: 'said "so"\n' }];
    world.work(({ item }) => done[item]!);
    expect([0, 1, 2, 3].map((index) => kept(world, id, index))).toEqual([{ value: { a: [1] } }, null, { error: BOOM, logs: 'before it' }, { value: 3, logs: 'said "so"\n' }]);
    expect(world.batch(id)).toMatchObject({ state: 'failed', error: BOOM, counts: { succeeded: 3, failed: 1, pending: 0, running: 0 } });
  });

  test('a failed item does not stop the others', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2, 3, 4], chunkSize: 2 });
    world.work(({ item }) => (item % 2 === 0 ? { error: BOOM } : { value: '1' }));
    expect(world.results(id)).toEqual(['0:error', '1:succeeded', '2:error', '3:succeeded', '4:error']);
  });

  test('a report about another item than the one that runs is refused', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1 });
    const { worker } = world.threadOf(id, 0);
    for (const index of [1, -1, 7]) world.report({ kind: 'itemsSettled', worker, results: [{ index, value: '1', logs: '', durationMs: 1 }] });
    world.report({ kind: 'itemsSettled', worker: 99, results: [{ index: 0, value: '1', logs: '', durationMs: 1 }] });
    expect(world.batch(id).counts).toMatchObject({ running: 1, succeeded: 0 });
  });

  test('results that are told together count like results that come one by one', () => {
    const [together, single] = [new World(1), new World(1)];
    const results = [{ value: '1' }, { error: BOOM }, { value: 'null', logs: 'said' }].map((done, index) => ({ index, logs: '', durationMs: 5, ...done }));
    const ids = [together, single].map((world) => world.submit({ items: [0, 1, 2, 3], chunkSize: 4, errorCallback: { url: 'http://receiver.test/' } }).id);
    const { worker } = together.threadOf(ids[0]!);
    together.report({ kind: 'itemsSettled', worker, results });
    for (const result of results) single.report({ kind: 'itemsSettled', worker, results: [result] });
    expect(together.batch(ids[0]!)).toEqual(single.batch(ids[1]!));
    expect(together.batch(ids[0]!).counts).toMatchObject({ succeeded: 2, failed: 1, running: 1, pending: 0 });
    for (const table of ['chunks', 'outcomes', 'failures', 'workers'] as const) expect([...together.state[table].values()]).toEqual([...single.state[table].values()]);
    expect(together.payloads).toEqual(single.payloads);
  });

  test('of results that are told together those count that follow the running item, up to the end of the order', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2, 3], chunkSize: 2 });
    const thread = world.threadOf(id, 0);
    thread.order = undefined;
    const { worker } = thread;
    const results = [3, 0, 0, 2, 1, 2].map((index) => ({ index, value: String(index), logs: '', durationMs: 1 }));
    world.report({ kind: 'itemsSettled', worker, results });
    expect(world.results(id)).toEqual(['0:succeeded', '1:succeeded', '2:running', '3:pending']);
    expect([kept(world, id, 0), kept(world, id, 1)]).toEqual([{ value: 0 }, { value: 1 }]);
  });

  test('a lock that was lost fails its own task and none that is told of with it, and what was held is free', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    const { worker } = world.threadOf(id);
    for (const [call, lock] of ['shared', 'kept'].entries()) world.report({ kind: 'taskAcquire', worker, call, scope: 0, lock });
    world.ask({ kind: 'revoke', name: 'shared' });
    world.report({ kind: 'itemsSettled', worker, results: [0, 1].map((index) => ({ index, value: '1', logs: '', durationMs: 1 })) });
    expect(world.results(id)).toEqual(['0:lock_lost', '1:succeeded', '2:running']);
    expect(world.state.leaseIndex.holders).toBe(0);
  });

  test('the end of each task is told with its function, outcome and time', () => {
    const world = new World(1);
    world.submit({ items: [0, 1], chunkSize: 2 });
    world.work(({ item }) => (item === 0 ? { error: { ...BOOM, kind: 'not_serializable' } } : { value: '1' }));
    expect(world.facts.filter(({ kind }) => kind === 'tasksEnded')).toEqual([
      { kind: 'tasksEnded', function: 'task', ends: [{ outcome: 'not_serializable', ms: 5 }] }, { kind: 'tasksEnded', function: 'task', ends: [{ outcome: 'succeeded', ms: 5 }] },
    ]);
  });
});

describe('time', () => {
  test('an item over its time fails when its thread has ended, and what was behind it runs elsewhere', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3, timeoutMs: 100 });
    world.finish(world.threadOf(id));
    world.pass(101);
    const thread = world.threadOf(id, 1);
    expect(thread.toldToEnd).toBe(true);
    expect(world.batch(id).counts).toMatchObject({ running: 1, pending: 1 });
    world.end(thread);
    world.work();
    expect(world.results(id)).toEqual(['0:succeeded', '1:timeout', '2:succeeded']);
    expect(kept(world, id, 1)).toMatchObject({ error: { message: expect.stringContaining('timeoutMs of 100') } });
  });

  test('a result that comes after the item\'s time does not count', () => {
    const world = new World(1);
    const { id } = world.submit({ timeoutMs: 100 });
    world.pass(101);
    world.finish(world.threadOf(id));
    world.endTold();
    expect(world.results(id)).toEqual(['0:timeout']);
  });

  test('the time of each item counts from its own start', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2, timeoutMs: 100 });
    world.pass(90);
    world.finish(world.threadOf(id));
    world.pass(90);
    world.finish(world.threadOf(id));
    expect(world.batch(id).state).toBe('succeeded');
  });

  test('a thread that does not end is given up, replaced and counted, and its later reports are refused', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2, timeoutMs: 100 });
    const stuck = world.threadOf(id);
    world.report({ kind: 'taskAcquire', worker: stuck.worker, call: 1, scope: 0, lock: 'shared' });
    world.pass(101);
    world.pass(STUCK_MS);
    expect(world.workerStates()).toEqual(['ending']);
    world.pass(1);
    expect(world.workerStates()).toEqual(['stuck', 'starting']);
    expect(world.state.leaseIndex.holders).toBe(0);
    world.finish(stuck);
    world.finish(stuck);
    world.allReady();
    world.finish(world.threadOf(id, 1));
    expect(world.results(id)).toEqual(['0:timeout', '1:succeeded']);
    world.end(stuck);
    expect(world.workerStates()).toEqual(['idle']);
  });
});

describe('lost', () => {
  test('a thread that is lost fails the item that it ran, with the reason', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.end(world.threadOf(id), 'it ran out of memory');
    expect(kept(world, id, 0)).toMatchObject({ error: { kind: 'worker_lost', message: expect.stringContaining('it ran out of memory') } });
  });

  test('an idle thread that is lost fails nothing', () => {
    const world = new World(2);
    const { id } = world.submit();
    const idle = [...world.threads.values()].find(({ order }) => order === undefined)!;
    world.end(idle);
    world.finish(world.threadOf(id));
    expect(world.batch(id).state).toBe('succeeded');
  });

  test('a task whose lock was revoked has failed, whatever it returns, and the next item of its thread has not', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    const { worker } = world.threadOf(id);
    world.report({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock: 'shared' });
    world.ask({ kind: 'revoke', name: 'shared' });
    world.work();
    expect(world.results(id)).toEqual(['0:lock_lost', '1:succeeded']);
  });

  test('what a task holds at its end is released before the next item begins', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    const { worker } = world.threadOf(id);
    world.report({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock: 'shared' });
    world.finish(world.threadOf(id));
    expect(world.state.leaseIndex.holders).toBe(0);
  });

  test('items whose bytes are damaged are never run and fail', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 2 });
    const thread = world.threadOf(id);
    thread.order = undefined;
    world.report({ kind: 'orderDamaged', worker: thread.worker });
    world.work();
    expect(world.results(id)).toEqual(['0:error', '1:error', '2:succeeded']);
    expect(kept(world, id, 0)).toMatchObject({ error: { code: 'payload_damaged' } });
  });

  test('a setup whose bytes are damaged fails its batch', () => {
    const world = new World(1);
    const { id } = world.submit({ globals: { shade: 1 } });
    world.endTold();
    const [thread] = world.threads.values();
    world.threads.clear();
    world.report({ kind: 'orderDamaged', worker: thread!.worker });
    expect(world.batch(id)).toMatchObject({ state: 'failed', error: { kind: 'initializer', code: 'payload_damaged' } });
    world.allReady();
    expect(world.workerStates()).toEqual(['idle']);
  });
});

describe('cancelling', () => {
  test('what waits is cancelled at once, and what runs is told and may end', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2, 3], chunkSize: 2 });
    const request = world.ask({ kind: 'cancelBatch', batch: id });
    expect(viewOf(world.answerTo(request)).batch).toMatchObject({ state: 'running', counts: { running: 1, cancelled: 3 } });
    expect(world.threadOf(id).toldToAbort).toBe(true);
    world.finish(world.threadOf(id), { value: '7' });
    expect(world.batch(id).state).toBe('cancelled');
    expect(world.results(id)).toEqual(['0:succeeded', '1:cancelled', '2:cancelled', '3:cancelled']);
  });

  test('a task that ends with an error after it was told counts as cancelled', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.ask({ kind: 'cancelBatch', batch: id });
    world.finish(world.threadOf(id), { error: BOOM });
    expect(world.batch(id)).toMatchObject({ state: 'cancelled', error: { kind: 'cancelled' } });
  });

  test('a failure is the error of a cancelled batch, although items were cancelled before it', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 1 });
    const { worker } = world.threadOf(id, 0);
    world.report({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock: 'shared' });
    world.ask({ kind: 'cancelBatch', batch: id });
    expect(world.batch(id).error).toMatchObject({ kind: 'cancelled' });
    world.ask({ kind: 'revoke', name: 'shared' });
    world.finish(world.threadOf(id, 0));
    world.work();
    expect(world.batch(id)).toMatchObject({ state: 'cancelled', error: { kind: 'lock_lost' } });
  });

  test('a cancelled item does not take the place of a failure before it', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1 });
    world.finish(world.threadOf(id), { error: { ...BOOM, message: 'first' } });
    world.ask({ kind: 'cancelBatch', batch: id });
    world.finish(world.threadOf(id), { error: BOOM });
    expect(world.batch(id)).toMatchObject({ state: 'cancelled', error: { message: 'first' } });
  });

  test('a task that does not listen is ended with its thread after its grace', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.ask({ kind: 'cancelBatch', batch: id });
    world.pass(CANCEL_GRACE_MS);
    expect(world.threadOf(id).toldToEnd).toBe(false);
    world.pass(1);
    world.endTold();
    expect(world.results(id)).toEqual(['0:cancelled']);
  });

  test('a result that comes after the grace, before the thread has ended, still counts', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.ask({ kind: 'cancelBatch', batch: id });
    world.pass(CANCEL_GRACE_MS + 1);
    world.finish(world.threadOf(id), { value: '1' });
    expect(world.batch(id).state).toBe('succeeded');
    expect(world.workerStates()).toEqual(['ending']);
    world.work();
  });

  test('of results that are told together only the running item\'s counts once its batch is cancelled', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    const thread = world.threadOf(id);
    world.ask({ kind: 'cancelBatch', batch: id });
    world.report({ kind: 'itemsSettled', worker: thread.worker, results: [0, 1, 2].map((index) => ({ index, value: '1', logs: '', durationMs: 1 })) });
    expect(world.results(id)).toEqual(['0:succeeded', '1:cancelled', '2:cancelled']);
    expect(thread.toldToEnd).toBe(true);
  });

  test('a thread that may already be in a later item is not used again', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    const other = world.submit({ items: [0, 1], chunkSize: 2 });
    const thread = world.threadOf(id);
    world.ask({ kind: 'cancelBatch', batch: id });
    world.finish(thread);
    expect(thread.toldToEnd).toBe(true);
    world.report({ kind: 'itemsSettled', worker: thread.worker, results: [{ index: 1, value: '"stale"', logs: '', durationMs: 1 }] });
    world.work();
    expect(world.results(other.id)).toEqual(['0:succeeded', '1:succeeded']);
  });

  test('a batch whose setup runs is cancelled at once, and its thread ended', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], globals: { shade: 1 } });
    world.endTold();
    world.allReady();
    world.ask({ kind: 'cancelBatch', batch: id });
    expect(world.batch(id)).toMatchObject({ state: 'cancelled', counts: { cancelled: 2 } });
    world.work();
    expect(world.workerStates()).toEqual(['idle']);
  });

  test('a batch that has ended is answered as it is, and one that nobody knows is refused', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.work();
    expect(viewOf(world.answerTo(world.ask({ kind: 'cancelBatch', batch: id }))).batch.state).toBe('succeeded');
    expect(codeOf(world.answerTo(world.ask({ kind: 'cancelBatch', batch: 'bat_none' })))).toBe('batch_not_found');
  });

  test('cancelling many items that wait takes the place of none of the others', () => {
    const world = new World(1);
    const { id } = world.submit({ items: Array.from({ length: 1_000 }, () => 0), chunkSize: 1 });
    const other = world.submit();
    world.ask({ kind: 'cancelBatch', batch: id });
    expect(world.batch(id).counts).toMatchObject({ cancelled: 999, running: 1 });
    world.work();
    expect(world.batch(other.id).state).toBe('succeeded');
  });
});
