// Reading batches and results, what counts as unread, and what is forgotten when.

import { describe, expect, test } from 'vitest';
import { ENDED_BATCH_KEEP_MS, ENDED_BATCHES_MAX, PAGE_SCAN_MAX, RESULTS_PAGE_BYTES_MAX } from '../../src/limits.ts';
import type { Reply } from '../../src/state/replies.ts';
import { BOOM, codeOf, refusalOf, viewOf, World } from './world.ts';

function list(world: World, rest: { limit?: number; cursor?: string; state?: string } = {}): { ids: string[]; next: string | undefined } {
  const reply = world.answerTo(world.ask({ kind: 'listBatches', limit: 100, ...rest }));
  if (reply?.kind !== 'batches') throw new Error(`no list: ${JSON.stringify(reply)}`);
  return { ids: reply.views.map(({ batch }) => batch.id), next: reply.nextCursor };
}

function page(world: World, batch: string, limit: number, cursor?: string): Extract<Reply, { kind: 'results' }> {
  const reply = world.answerTo(world.ask({ kind: 'readResults', batch, limit, cursor }));
  if (reply?.kind !== 'results') throw new Error(`no results: ${JSON.stringify(reply)}`);
  return reply;
}

describe('results', () => {
  test('every item is shown in order, also those that run or wait', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    world.finish(world.threadOf(id));
    expect(page(world, id, 10).results).toMatchObject([{ index: 0, state: 'succeeded', attempt: 1 }, { index: 1, state: 'running', attempt: 1 }, { index: 2, state: 'pending' }]);
  });

  test('an item that never began has no attempt', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1 });
    world.ask({ kind: 'cancelBatch', batch: id });
    world.finish(world.threadOf(id));
    expect(page(world, id, 10).results.map(({ index, attempt }) => [index, attempt])).toEqual([[0, 1], [1, undefined]]);
    const broken = world.submit({ items: [0], globals: { shade: 1 } });
    world.endTold();
    world.ready([...world.threads.values()].find(({ setup }) => setup === broken.id)!);
    world.setUp([...world.threads.values()].find(({ setup }) => setup === broken.id)!, BOOM);
    expect(page(world, broken.id, 10).results).toMatchObject([{ state: 'failed', attempt: undefined }]);
  });

  test('pages follow each other without a gap, and the last one names no other', () => {
    const world = new World(1);
    const { id } = world.submit({ items: Array.from({ length: 130 }, (_, n) => n) });
    world.work();
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const { results, nextCursor } = page(world, id, 50, cursor);
      seen.push(...results.map(({ index }) => index));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 130 }, (_, n) => n));
  });

  test('a page ends before it holds too many bytes, but holds one result at least', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 3 });
    const value = `"${'x'.repeat(RESULTS_PAGE_BYTES_MAX / 2)}"`;
    world.work(() => ({ value }));
    const first = page(world, id, 10);
    expect([first.results.length, first.nextCursor]).toEqual([1, '1']);
  });

  test.for(['x', '-1', '1.5', '3', '9999999', '', ' 1', '1e0'])('the cursor %j is refused', (cursor) => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2] });
    expect(codeOf(world.answerTo(world.ask({ kind: 'readResults', batch: id, limit: 1, cursor })))).toBe('cursor_invalid');
  });

  test('the results of a batch that nobody knows are not found', () => {
    const world = new World();
    expect(codeOf(world.answerTo(world.ask({ kind: 'readResults', batch: 'bat_none', limit: 1 })))).toBe('batch_not_found');
  });
});

describe('batches', () => {
  test('the newest batch comes first, page by page', () => {
    const world = new World(1);
    const ids = [1, 2, 3, 4, 5].map(() => world.submit().id).toReversed();
    const first = list(world, { limit: 2 });
    expect(first.ids).toEqual(ids.slice(0, 2));
    const second = list(world, { limit: 2, cursor: first.next! });
    expect(second.ids).toEqual(ids.slice(2, 4));
    expect(list(world, { limit: 2, cursor: second.next! })).toEqual({ ids: ids.slice(4), next: undefined });
  });

  test('a list shows only the state that was asked for', () => {
    const world = new World(1);
    const one = world.submit();
    const two = world.submit();
    world.finish(world.threadOf(one.id));
    expect(list(world, { state: 'succeeded' }).ids).toEqual([one.id]);
    expect(list(world, { state: 'running' }).ids).toEqual([two.id]);
    expect(list(world, { state: 'failed' }).ids).toEqual([]);
  });

  test('a filtered page looks at no more batches than its limit, and goes on from there', () => {
    const world = new World(1);
    world.submit();
    const [row] = world.state.batches.values();
    const other = { ...row!, state: 'cancelled', counts: { ...row!.counts, pending: 0, running: 0, cancelled: 1 }, chunks: 0, endedAt: 1 } as const;
    for (let n = 2; n < PAGE_SCAN_MAX + 3; n++) world.state.batches.put({ ...other, id: `bat_${n}`, order: n });
    const first = list(world, { state: 'running' });
    expect(first).toEqual({ ids: [], next: expect.any(String) });
    expect(list(world, { state: 'running', cursor: first.next! })).toEqual({ ids: [row!.id], next: undefined });
  });

  test('a cursor that is none is refused', () => {
    const world = new World();
    expect(codeOf(world.answerTo(world.ask({ kind: 'listBatches', limit: 1, cursor: 'bat_1' })))).toBe('cursor_invalid');
  });

  test('a reader that waits is answered when the batch has ended, without results and without a refusal', () => {
    const world = new World(1);
    const { id } = world.submit();
    const request = world.ask({ kind: 'readBatch', batch: id, waitMs: 1_000 });
    expect(world.answerTo(request)).toBeUndefined();
    world.work(() => ({ error: BOOM }));
    expect(viewOf(world.answerTo(request))).toMatchObject({ batch: { state: 'failed', error: BOOM } });
    expect(viewOf(world.answerTo(request)).results).toBeUndefined();
  });

  test('a reader whose time is over gets the batch as it is', () => {
    const world = new World(1);
    const { id } = world.submit();
    const request = world.ask({ kind: 'readBatch', batch: id, waitMs: 50 });
    world.pass(51);
    expect(viewOf(world.answerTo(request)).batch.state).toBe('running');
  });

  test('hanging up on a batch changes nothing of it', () => {
    const world = new World(1);
    const { id, request } = world.submit({}, { waitMs: 1_000 });
    world.report({ kind: 'hangUp', request });
    world.work();
    expect(world.answerTo(request)).toEqual({ kind: 'hungUp' });
    expect(world.batch(id).state).toBe('succeeded');
  });

  test('a batch that nobody knows is not found', () => {
    const world = new World();
    expect(refusalOf(world.answerTo(world.ask({ kind: 'readBatch', batch: 'bat_none', waitMs: 0 })))).toMatchObject({ code: 'batch_not_found' });
  });
});

describe('unread failures', () => {
  test.for([
    ['its results', (world: World, id: string) => page(world, id, 10)],
    ['the ended batch', (world: World, id: string) => world.ask({ kind: 'readBatch', batch: id, waitMs: 0 })],
  ] as const)('failures are unread until somebody fetches %s', ([, fetchIt]) => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2] });
    world.work(({ item }) => (item === 1 ? { value: '1' } : { error: BOOM }));
    list(world);
    expect(world.state.batchIndex.unreadErrors).toBe(2);
    fetchIt(world, id);
    expect(world.state.batchIndex.unreadErrors).toBe(0);
  });

  test('a page without a failure leaves them unread', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1] });
    world.work(({ item }) => (item === 0 ? { value: '1' } : { error: BOOM }));
    page(world, id, 1);
    expect(world.state.batchIndex.unreadErrors).toBe(1);
  });
});

describe('forgetting', () => {
  test('an ended batch goes after a day with all that belongs to it', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], globals: { shade: 1 } });
    world.work(() => ({ error: BOOM, logs: 'said' }));
    world.pass(ENDED_BATCH_KEEP_MS);
    expect(world.batch(id).state).toBe('failed');
    world.pass(1);
    world.pass(1);
    world.submit();
    const { batches, outcomes, failures, chunks } = world.state;
    expect([batches.get(id), outcomes.size, failures.size, chunks.size]).toEqual([undefined, 0, 0, 1]);
    expect([...world.payloads.keys()].filter((name) => name.startsWith(`${id}/`))).toEqual([]);
    expect(codeOf(world.answerTo(world.ask({ kind: 'readBatch', batch: id, waitMs: 0 })))).toBe('batch_not_found');
  });

  test('of too many ended batches the oldest go', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [] });
    const row = world.batch(id);
    for (let n = 2; n <= ENDED_BATCHES_MAX; n++) world.state.batches.put({ ...row, id: `bat_full_${n}`, order: n });
    world.submit({ items: [], id: 'bat_last' });
    expect(world.state.batches.size).toBe(ENDED_BATCHES_MAX);
    expect([world.state.batches.get(id), world.state.batches.get('bat_last')?.state]).toEqual([undefined, 'succeeded']);
  });

  test('of too many bytes of results the oldest go', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [] });
    world.state.batches.put({ ...world.batch(id), resultBytes: 2 ** 30 });
    world.submit({ id: 'bat_small' });
    world.work(() => ({ value: 'null' }));
    expect(world.state.batches.get(id)?.state).toBe('succeeded');
    world.submit({ id: 'bat_large', items: [0] });
    world.work(() => ({ value: `"${'x'.repeat(1_000)}"` }));
    expect([...world.state.batches.values()].map((row) => row.id)).toEqual(['bat_small', 'bat_large']);
  });

  test('results whose callback is still owed push out nobody else\'s', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.work();
    const owing = world.submit({ items: [], callback: { url: 'http://good.example/c' } });
    world.state.batches.put({ ...world.batch(owing.id), resultBytes: 2 ** 30 });
    world.submit({ items: [] });
    expect([world.batch(id).state, world.state.batchIndex.endedBytes]).toEqual(['succeeded', world.batch(id).resultBytes]);
    world.report({ kind: 'deliverySettled', delivery: world.batch(owing.id).delivery, attempt: 1, outcome: 'delivered' });
    expect([world.state.batches.get(id), world.state.batchIndex.owedBytes, world.state.batchIndex.endedBytes]).toEqual([undefined, 0, 2 ** 30]);
  });

  test('a batch that holds too many bytes by itself is kept until another one ends', () => {
    const world = new World(1);
    const { id } = world.submit();
    world.state.batches.put({ ...world.batch(id), resultBytes: 2 ** 31 });
    world.work();
    expect(world.batch(id).state).toBe('succeeded');
    world.submit({ items: [] });
    expect(world.state.batches.get(id)).toBeUndefined();
  });

  test('a batch that runs is never forgotten', () => {
    const world = new World(1);
    const { id } = world.submit({ timeoutMs: 86_400_000 * 3 });
    world.pass(86_400_000 * 2);
    expect(world.batch(id).state).toBe('running');
  });
});
