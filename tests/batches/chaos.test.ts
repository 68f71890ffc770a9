// Whatever threads, receivers and the process do, nothing is lost and nothing runs twice at once: seeded, so a failure
// comes back with its seed.

import { describe, expect, test } from 'vitest';
import { BOOM, World } from './world.ts';

/** A small generator of its own, so that a seed means the same on every machine. */
function chances(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Chance = (below: number) => number;

function pick<Item>(chance: Chance, items: readonly Item[]): Item | undefined {
  return items[chance(items.length)];
}

function submitSomething(world: World, chance: Chance): string {
  const items = Array.from({ length: chance(12) }, (_, n) => n);
  return world.submit({
    items,
    ...(chance(2) === 0 && { chunkSize: 1 + chance(5) }),
    ...(chance(3) === 0 && { initializer: { function: 'prepare', args: [] } }),
    ...(chance(4) === 0 && { globals: { shade: 1 } }),
    ...(chance(3) === 0 && { errorCallback: { url: `http://127.0.0.${chance(3)}/e` } }),
    ...(chance(3) === 0 && { callback: { url: 'http://127.0.0.9/c' } }),
    timeoutMs: 1 + chance(400),
  }, chance(2) === 0 ? { waitMs: chance(500) } : {}).id;
}

function moveThread(world: World, chance: Chance): void {
  const thread = pick(chance, [...world.threads.values()]);
  if (thread === undefined) return;
  if (chance(12) === 0) return world.end(thread, 'chance ended it');
  if (thread.toldToEnd) return chance(2) === 0 ? world.end(thread) : undefined;
  if (!thread.ready) return world.ready(thread);
  if (thread.setup !== undefined && !thread.setUp) return world.setUp(thread, chance(4) === 0 ? BOOM : undefined);
  if (thread.order !== undefined) world.finish(thread, chance(3) === 0 ? { error: BOOM } : { value: 'true', logs: 'said' });
}

function moveDelivery(world: World, chance: Chance): void {
  const sending = pick(chance, [...world.state.sending.values()]);
  if (sending === undefined) return;
  world.report({ kind: 'deliverySettled', delivery: sending.delivery, attempt: sending.attempt, outcome: pick(chance, ['delivered', 'failed', 'gone'])! });
}

function act(world: World, chance: Chance, batches: string[]): void {
  switch (chance(14)) {
    case 0: {
      // Right after a start no thread has said which functions there are.
      const id = submitSomething(world, chance);
      if (world.state.batches.get(id) !== undefined) batches.push(id);
      break;
    }
    case 1: if (batches.length > 0) world.ask({ kind: 'cancelBatch', batch: pick(chance, batches)! }); break;
    case 2: world.pass(chance(300)); break;
    case 3: moveDelivery(world, chance); break;
    case 4: if (chance(12) === 0) world.restart(chance(50)); break;
    case 5:
      if (chance(20) === 0) {
        world.report({ kind: 'drain' });
        world.report({ kind: 'stop' });
        world.restart(chance(50));
      }
      break;
    default: moveThread(world, chance);
  }
}

/** Lets everything end: threads obey, receivers take what they get. */
function calmDown(world: World): void {
  for (let turn = 0; turn < 20; turn++) {
    world.work();
    for (const { delivery, attempt } of world.state.sending.values()) world.report({ kind: 'deliverySettled', delivery, attempt, outcome: 'delivered' });
    world.pass(60_000);
  }
}

describe('under chance', () => {
  test.for(Array.from({ length: 60 }, (_, n) => n + 1))('seed %i: every item of every batch gets its outcome, and every callback is settled', (seed) => {
    const chance = chances(seed);
    const world = new World(1 + chance(4));
    const batches: string[] = [];
    for (let turn = 0; turn < 400; turn++) act(world, chance, batches);
    calmDown(world);
    for (const id of batches) {
      const batch = world.batch(id);
      expect([id, typeof batch.endedAt]).toEqual([id, 'number']);
      expect(world.results(id)).toHaveLength(batch.counts.total);
      expect(batch.itemBytes).toBe(0);
    }
    expect(world.state.batchIndex.pendingDeliveries).toBe(0);
    expect(world.state.batchIndex.queued.size).toBe(0);
    expect(world.workerStates()).toEqual(world.workerStates().map(() => 'idle'));
  });
});
