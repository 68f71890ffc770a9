// Restarts: what runs again, in which attempt, and what may end the process no more than so often.

import { describe, expect, test } from 'vitest';
import { BOOM, World } from './world.ts';

const SETUP = { initializer: { function: 'prepare', args: [] } } as const;

/** Dies with the process as often as it takes for what runs to be in its last attempt. */
function loseTwice(world: World): void {
  world.restart();
  world.allReady();
  world.restart();
}

describe('after a crash', () => {
  test('what ran runs again in its next attempt, without what had ended', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    world.finish(world.threadOf(id));
    world.restart();
    expect(world.batch(id).counts).toMatchObject({ succeeded: 1, running: 0, pending: 2 });
    world.allReady();
    expect(world.threadOf(id).order).toMatchObject({ first: 1, end: 3, attempt: 2 });
    world.work();
    expect(world.results(id)).toEqual(['0:succeeded', '1:succeeded', '2:succeeded']);
  });

  test('what waited runs in its first attempt', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1 });
    world.restart();
    world.allReady();
    world.finish(world.threadOf(id));
    expect(world.threadOf(id).order).toMatchObject({ first: 1, attempt: 1 });
  });

  test('a thread that was lost before the crash costs no attempt', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    world.end(world.threadOf(id));
    world.restart();
    world.allReady();
    expect(world.threadOf(id).order).toMatchObject({ first: 1, attempt: 1 });
  });

  test('what runs when an orderly stop has waited long enough is put back, its attempt uncounted', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    const prepared = world.submit({ items: [0], ...SETUP });
    world.report({ kind: 'drain' });
    world.finish(world.threadOf(id));
    const thread = world.threadOf(id);
    world.report({ kind: 'stop' });
    expect(world.batch(id).counts).toMatchObject({ succeeded: 1, running: 0, pending: 2 });
    world.finish(thread);
    world.end(thread);
    expect(world.batch(id).counts).toMatchObject({ succeeded: 1, pending: 2 });
    world.restart();
    world.work(({ order }) => {
      expect(order!.attempt).toBe(1);
      return { value: '1' };
    });
    expect([id, prepared.id].map((batch) => world.batch(batch).state)).toEqual(['succeeded', 'succeeded']);
  });

  test('an item over its time when the service stops has failed, and does not run again', () => {
    const world = new World(1);
    const { id } = world.submit({ timeoutMs: 100 });
    world.pass(101);
    world.report({ kind: 'stop' });
    world.restart();
    expect(world.results(id)).toEqual(['0:timeout']);
  });

  test('a task that was told to stop does not run again', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    world.ask({ kind: 'cancelBatch', batch: id });
    world.restart();
    expect(world.batch(id).state).toBe('cancelled');
    expect(world.results(id)).toEqual(['0:cancelled', '1:cancelled']);
  });

  test('the order of batches goes on where it was', () => {
    const world = new World(1);
    const first = world.submit({ items: [0, 1], chunkSize: 1 });
    world.restart();
    world.allReady();
    world.submit();
    world.finish(world.threadOf(first.id));
    expect(world.running()).toEqual([`${first.id}:1`]);
  });

  test('bytes that no row names any more are dropped', () => {
    const world = new World();
    world.payloads.set('bat_lost/i0', '[]');
    const { id } = world.submit();
    world.restart();
    world.pass(1);
    world.work();
    expect(world.payloads.has('bat_lost/i0')).toBe(false);
    expect(world.batch(id).state).toBe('succeeded');
  });
});

describe('a start that is refused', () => {
  test('leaves no trace in any batch, however often it is tried', () => {
    const world = new World(2);
    const ids = [world.submit({ items: [0, 1], chunkSize: 1 }), world.submit({ items: [0], ...SETUP })].map(({ id }) => id);
    world.report({ kind: 'stop' });
    for (let n = 0; n < 5; n++) {
      world.restart(0, false);
      world.allReady();
    }
    world.restart();
    world.work();
    expect(ids.flatMap((id) => world.results(id))).toEqual(['0:succeeded', '1:succeeded', '0:succeeded']);
    expect([...world.state.outcomes.values()].flatMap(({ outcomes }) => outcomes.map((outcome) => outcome?.attempt))).toEqual([1, 1, 1]);
  });
});

/** The thread that the start began makes room for one with the setup. */
function replacePlainThread(world: World): void {
  world.allReady();
  world.endTold();
  world.allReady();
}

describe('the last attempt', () => {
  test('a chunk that ended with the process twice runs item by item, before anything else', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    loseTwice(world);
    world.allReady();
    const other = world.submit();
    expect(world.running()).toEqual([`${id}:0`]);
    expect(world.threadOf(id).order).toMatchObject({ first: 0, end: 1, attempt: 3 });
    world.finish(world.threadOf(id));
    expect(world.running()).toEqual([`${id}:1`]);
    world.finish(world.threadOf(id));
    world.finish(world.threadOf(id));
    expect(world.batch(id).state).toBe('succeeded');
    expect(world.running()).toEqual([`${other.id}:0`]);
  });

  test('an item that ends the process in its last attempt fails, and the innocent pass', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    loseTwice(world);
    world.allReady();
    world.finish(world.threadOf(id));
    world.restart();
    expect(world.results(id)).toEqual(['0:succeeded', '1:worker_lost', '2:pending']);
    world.allReady();
    expect(world.threadOf(id).order).toMatchObject({ first: 2, end: 3, attempt: 3 });
    world.work();
    expect(world.batch(id)).toMatchObject({ state: 'failed', counts: { succeeded: 2, failed: 1 } });
  });

  test('an item that ends the process each time runs three times in all', () => {
    const world = new World(1);
    const { id } = world.submit();
    const attempts: number[] = [];
    while (world.batch(id).endedAt === undefined) {
      world.allReady();
      attempts.push(world.threadOf(id).order!.attempt);
      world.restart();
    }
    expect(attempts).toEqual([1, 2, 3]);
    expect(world.results(id)).toEqual(['0:worker_lost']);
  });

  test('a setup that ends the process each time fails its batch', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 1, ...SETUP });
    let starts = 0;
    while (world.batch(id).endedAt === undefined) {
      replacePlainThread(world);
      expect([...world.threads.values()].map(({ setup }) => setup)).toEqual([id]);
      starts++;
      world.restart();
    }
    expect(starts).toBe(3);
    expect(world.results(id)).toEqual(['0:initializer', '1:initializer', '2:initializer']);
  });

  test('a call that ends the process after its setup fails alone, and its batch goes on', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2, ...SETUP });
    world.endTold();
    for (let n = 0; n < 2; n++) {
      world.restart();
      replacePlainThread(world);
    }
    const [thread] = world.threads.values();
    expect([...world.state.chunks.values()][0]).toMatchObject({ state: 'running', alone: 'setup' });
    world.setUp(thread!);
    expect([...world.state.chunks.values()][0]).toMatchObject({ state: 'running', alone: 'call', next: 0 });
    world.restart();
    world.work();
    expect(world.results(id)).toEqual(['0:worker_lost', '1:succeeded']);
  });

  test('a thread that is lost in a last attempt fails its item only', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    loseTwice(world);
    world.allReady();
    world.end(world.threadOf(id));
    world.work();
    expect(world.results(id)).toEqual(['0:worker_lost', '1:succeeded']);
  });

  test('a stop during a last attempt does not fail the item', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 2 });
    loseTwice(world);
    world.allReady();
    world.report({ kind: 'stop' });
    world.restart();
    world.work();
    expect(world.results(id)).toEqual(['0:succeeded', '1:succeeded']);
  });

  test('several last attempts run one after another, the others after them', () => {
    const world = new World(3);
    const one = world.submit({ items: [0, 1], chunkSize: 1 });
    const two = world.submit({ items: [0], chunkSize: 1 });
    const three = world.submit({ items: [0], ...SETUP });
    loseTwice(world);
    world.allReady();
    const order: string[] = [];
    world.work(({ order: run, item }) => {
      order.push(`${run!.batch}:${item}`);
      return item === 1 ? { error: BOOM } : { value: '1' };
    });
    expect(order).toEqual([`${one.id}:0`, `${one.id}:1`, `${two.id}:0`, `${three.id}:0`]);
  });
});
