// Which chunk runs where and when: order, setups, room for them, and the back-off when threads are lost.

import { describe, expect, test } from 'vitest';
import { RESTART_BACKOFF_MS_MIN, WORKER_START_MS } from '../../src/limits.ts';
import { BOOM, World } from './world.ts';

const SETUP = { initializer: { function: 'prepare', args: [1] } } as const;

function started(world: World): (string | undefined)[] {
  return world.effects.flatMap((effect) => (effect.kind === 'startWorker' ? [effect.setup?.batch] : []));
}

describe('order', () => {
  test('chunks start in the order in which their batches came, a batch\'s in the order of its items', () => {
    const world = new World(1);
    const order: string[] = [];
    const first = world.submit({ items: [0, 1, 2], chunkSize: 1 });
    const second = world.submit({ items: [0, 1], chunkSize: 1 });
    while (world.running().length > 0) {
      order.push(...world.running());
      world.finish(world.threadOf(order.at(-1)!.split(':')[0]!));
    }
    expect(order).toEqual([`${first.id}:0`, `${first.id}:1`, `${first.id}:2`, `${second.id}:0`, `${second.id}:1`]);
  });

  test('what a lost thread did not begin is the next to run, in the same attempt', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2, 3, 4, 5], chunkSize: 3 });
    world.finish(world.threadOf(id));
    world.end(world.threadOf(id, 1));
    world.allReady();
    expect(world.threadOf(id).order).toMatchObject({ first: 2, end: 3, payloadFirst: 0, attempt: 1 });
    world.work();
    expect(world.results(id)).toEqual(['0:succeeded', '1:worker_lost', '2:succeeded', '3:succeeded', '4:succeeded', '5:succeeded']);
  });

  test('no more items run at once than there are threads', () => {
    const world = new World(3);
    world.submit({ items: Array.from({ length: 9 }, () => 0), chunkSize: 1 });
    expect(world.running()).toHaveLength(3);
  });

  test('a chunk says that it runs before its thread is told', () => {
    const world = new World(1);
    world.submit();
    const [chunk] = world.state.chunks.values();
    expect(chunk).toMatchObject({ state: 'running', attempt: 1 });
    expect(world.facts).toContainEqual({ kind: 'tasksStarted', queuedMs: 0, count: 1 });
  });
});

describe('setups', () => {
  test('a batch with a setup runs on threads started for it, and one without on threads without', () => {
    const world = new World(2);
    const prepared = world.submit({ items: [0, 1], chunkSize: 1, ...SETUP });
    const plain = world.submit({ items: [0, 1], chunkSize: 1 });
    const seen = new Map<string, Set<string | undefined>>();
    for (const { id } of [prepared, plain]) seen.set(id, new Set());
    world.work(({ order, setup }) => {
      seen.get(order!.batch)!.add(setup);
      return { value: '1' };
    });
    expect([seen.get(prepared.id), seen.get(plain.id)]).toEqual([new Set([prepared.id]), new Set([undefined])]);
  });

  test('two batches with setups never share a thread', () => {
    const world = new World(2);
    const batches = [world.submit({ items: [0, 1, 2], chunkSize: 1, ...SETUP }).id, world.submit({ items: [0, 1, 2], chunkSize: 1, globals: { shade: 2 } }).id];
    world.work(({ order, setup }) => {
      expect(setup).toBe(order!.batch);
      return { value: '1' };
    });
    expect(batches.map((id) => world.batch(id).state)).toEqual(['succeeded', 'succeeded']);
    expect(world.payloads.get(`${batches[0]}/setup`)).toBe('{"initializer":{"function":"prepare","args":[1]}}');
    expect(world.payloads.get(`${batches[1]}/setup`)).toBe('{"globals":{"shade":2}}');
  });

  test('an idle thread is replaced when a batch needs another setup, and threads never outnumber the settings', () => {
    const world = new World(2);
    const { id } = world.submit(SETUP);
    expect(world.workerStates()).toEqual(['ending', 'idle']);
    expect(started(world)).toEqual([undefined, undefined]);
    world.endTold();
    expect(started(world)).toEqual([undefined, undefined, id]);
    expect(world.workerStates()).toEqual(['idle', 'starting']);
  });

  test('the threads of a batch with a setup are used for all its chunks and replaced at its end', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2, 3, 4], chunkSize: 1, ...SETUP });
    world.work();
    expect(world.batch(id).state).toBe('succeeded');
    expect(started(world).filter((setup) => setup === id)).toHaveLength(2);
    expect([...world.threads.values()].map(({ setup }) => setup)).toEqual([undefined, undefined]);
  });

  test('an earlier chunk is not passed over by a later one that would fit an idle thread', () => {
    const world = new World(1);
    const first = world.submit({ items: [0], ...SETUP });
    world.submit({ items: [0] });
    expect(world.running()).toEqual([]);
    world.endTold();
    world.allReady();
    world.setUp([...world.threads.values()][0]!);
    expect(world.running()).toEqual([`${first.id}:0`]);
  });

  test('an initializer that throws fails its batch once, and nothing of it runs', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2, 3], chunkSize: 1, ...SETUP });
    world.endTold();
    world.allReady();
    const [one, two] = world.threads.values();
    world.setUp(one!, BOOM);
    expect(world.batch(id)).toMatchObject({ state: 'failed', error: { message: 'boom', kind: 'initializer' }, counts: { failed: 4 } });
    expect([one!.toldToEnd, two!.toldToEnd]).toEqual([true, true]);
    world.setUp(two!, { ...BOOM, message: 'too late' });
    world.work();
    expect(world.results(id)).toEqual(['0:initializer', '1:initializer', '2:initializer', '3:initializer']);
    expect(world.facts).toContainEqual({ kind: 'tasksNotRun', function: 'task', outcome: 'initializer', count: 4 });
  });

  test('what runs may end when another thread\'s initializer fails', () => {
    const world = new World(2);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 1, ...SETUP });
    world.endTold();
    world.allReady();
    const [one, two] = world.threads.values();
    world.setUp(one!);
    world.setUp(two!, BOOM);
    expect(world.batch(id).state).toBe('running');
    world.finish(one!);
    expect(world.results(id)).toEqual(['0:succeeded', '1:initializer', '2:initializer']);
    expect(world.batch(id).state).toBe('failed');
  });

  test.for([
    ['is lost', (world: World) => world.end([...world.threads.values()].find(({ setup }) => setup !== undefined)!, 'out of memory'), 'out of memory'],
    ['runs over its time', (world: World) => {
      world.pass(1_001);
      world.endTold();
    }, 'timeoutMs of 1000'],
  ] as const)('an initializer that %s fails its batch', ([, happen, words]) => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], timeoutMs: 1_000, ...SETUP });
    world.endTold();
    world.allReady();
    happen(world);
    expect(world.batch(id)).toMatchObject({ state: 'failed', error: { kind: 'initializer', message: expect.stringContaining(words) } });
  });

  test('a thread that is lost before its setup began fails nothing', () => {
    const world = new World(1);
    const { id } = world.submit(SETUP);
    world.endTold();
    world.end([...world.threads.values()][0]!);
    expect(world.batch(id).counts).toMatchObject({ pending: 1 });
    world.work();
    expect(world.batch(id).state).toBe('succeeded');
  });

  test('a lock that is revoked while an initializer holds it fails the batch', () => {
    const world = new World(1);
    const { id } = world.submit(SETUP);
    world.endTold();
    world.allReady();
    const [thread] = world.threads.values();
    world.report({ kind: 'taskAcquire', worker: thread!.worker, call: 1, scope: -1, lock: 'shared' });
    world.ask({ kind: 'revoke', name: 'shared' });
    world.setUp(thread!);
    expect(world.batch(id).error).toMatchObject({ kind: 'initializer', message: expect.stringContaining('shared') });
  });
});

describe('threads', () => {
  test('the pool is full of threads without a setup when there is nothing to do', () => {
    const world = new World(4);
    expect(world.workerStates()).toEqual(['idle', 'idle', 'idle', 'idle']);
  });

  test('a lost thread is replaced at once, and those lost one after another ever more slowly', () => {
    const world = new World(1);
    world.submit({ items: Array.from({ length: 9 }, () => 0), chunkSize: 1 });
    const waits: number[] = [];
    for (let loss = 0; loss < 5; loss++) {
      world.end([...world.threads.values()][0]!);
      const since = world.now;
      while (world.threads.size === 0) world.pass(10);
      waits.push(world.now - since);
      world.allReady();
    }
    expect(waits).toEqual([0, RESTART_BACKOFF_MS_MIN + 10, 2 * RESTART_BACKOFF_MS_MIN + 10, 4 * RESTART_BACKOFF_MS_MIN + 10, 8 * RESTART_BACKOFF_MS_MIN + 10]);
  });

  test('an item that ended ends the series of losses', () => {
    const world = new World(1);
    world.submit({ items: [0, 1, 2, 3], chunkSize: 1 });
    world.end([...world.threads.values()][0]!);
    world.allReady();
    world.finish([...world.threads.values()][0]!);
    world.end([...world.threads.values()][0]!);
    expect(world.threads.size).toBe(1);
    expect(world.facts.filter(({ kind }) => kind === 'workerLost')).toHaveLength(2);
  });

  test('a thread that never loads the functions is ended and started anew', () => {
    const world = new World(1);
    const { id } = world.submit(SETUP);
    world.endTold();
    world.pass(WORKER_START_MS + 1);
    expect(world.workerStates()).toEqual(['ending']);
    world.work();
    expect(world.batch(id).state).toBe('succeeded');
  });

  test('nothing is begun once an orderly stop has begun', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1 });
    world.report({ kind: 'drain' });
    world.finish(world.threadOf(id));
    expect(world.running()).toEqual([]);
    expect(world.batch(id).counts).toMatchObject({ succeeded: 1, pending: 1 });
  });
});
