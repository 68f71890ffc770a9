// Chunks that are claimed before a thread is free for them: how many, what they may do, and what becomes of them.

import { expect, test } from 'vitest';
import { CLAIMS_PER_WORKER_MAX, QUICK_CHUNK_MS } from '../../src/limits.ts';
import { World } from './world.ts';

const ITEMS = Array.from({ length: 100 }, (_, n) => n);

/** One thread, a batch in chunks of one, and so many of them done quickly. */
function worked(chunks: number): { readonly world: World; readonly id: string } {
  const world = new World(1);
  const { id } = world.submit({ items: ITEMS, chunkSize: 1 });
  for (let n = 0; n < chunks; n++) world.finish(world.threadOf(id));
  return { world, id };
}

function claimed({ state }: World): number {
  return state.batchIndex.claimed.size;
}

/** Whether the latest order did not wait for a commit. */
function wasEarly(world: World): boolean {
  const last = world.effects.findLast(({ kind }) => kind === 'runItems');
  return last !== undefined && world.early.has(last);
}

test('the more quick chunks a thread has done, the more are claimed ahead, up to a bound', () => {
  const { world, id } = worked(0);
  const counts = [claimed(world)];
  for (let n = 0; n < 8; n++) {
    world.finish(world.threadOf(id));
    counts.push(claimed(world));
  }
  expect(counts[0]).toBe(0);
  expect(Math.max(...counts)).toBeGreaterThan(CLAIMS_PER_WORKER_MAX / 2);
  expect(Math.max(...counts)).toBeLessThanOrEqual(CLAIMS_PER_WORKER_MAX);
});

test('beside a slow chunk nothing more is claimed', () => {
  const { world, id } = worked(4);
  const before = claimed(world);
  world.pass(QUICK_CHUNK_MS + 1);
  world.finish(world.threadOf(id));
  expect(claimed(world)).toBe(before - 1);
});

test('a chunk whose claim is flushed begins at once, in its place', () => {
  const { world, id } = worked(1);
  expect(wasEarly(world)).toBe(false);
  world.finish(world.threadOf(id));
  expect(wasEarly(world)).toBe(true);
  expect(world.running()).toEqual([`${id}:2`]);
});

test('a chunk whose claim is in a commit that is under way waits for it', () => {
  const { world, id } = worked(2);
  const next = world.state.batchIndex.queued.first()!;
  world.state.changes.claims.add(next);
  world.state.changes.take();
  world.finish(world.threadOf(id));
  expect(wasEarly(world)).toBe(false);
});

test('a thread begins a claimed chunk at once, though it may not have heard yet that its last item was to stop: it was told of which batch', () => {
  const { world, id } = worked(3);
  const other = world.submit({ items: ITEMS, chunkSize: 1 });
  world.ask({ kind: 'cancelBatch', batch: id });
  world.finish(world.threadOf(id));
  expect(world.running()).toEqual([`${other.id}:0`]);
  expect(wasEarly(world)).toBe(true);
  expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'abortRun', batch: id }));
});

test('after a crash what was claimed is run in its next attempt, and is not claimed again', () => {
  const { world, id } = worked(5);
  const before = [...world.state.batchIndex.claimed];
  expect(before.length).toBeGreaterThan(2);
  world.restart();
  const claimedThen = before.map((chunk) => world.state.chunks.get(chunk)!);
  expect(claimedThen.map(({ state, attempt, losses }) => ({ state, attempt, losses }))).toEqual(before.map(() => ({ state: 'queued', attempt: 2, losses: 0 })));
  world.allReady();
  for (let n = 0; n < 3; n++) world.finish(world.threadOf(id));
  for (const chunk of before) expect(world.state.batchIndex.claimed).not.toContain(chunk);
});

test('an orderly stop leaves the attempt of what was claimed uncounted', () => {
  const { world, id } = worked(5);
  world.report({ kind: 'stop' });
  expect(claimed(world)).toBe(0);
  world.restart();
  expect([...world.state.chunks.values()].map(({ attempt }) => attempt)).toEqual(ITEMS.slice(5).map(() => 1));
  world.work();
  expect(world.batch(id).state).toBe('succeeded');
});

test('what is claimed is cancelled with its batch like what waits', () => {
  const { world, id } = worked(5);
  world.ask({ kind: 'cancelBatch', batch: id });
  expect(world.batch(id).counts).toMatchObject({ succeeded: 5, running: 1, cancelled: 94 });
  expect(claimed(world)).toBe(0);
});
