// What a submission gets: an answer, a batch with chunks, or a "no" that leaves nothing behind.

import { describe, expect, test } from 'vitest';
import { defaultChunkSize } from '../../src/batches/chunks.ts';
import { ITEMS_MAX, PENDING_DELIVERIES_MAX, QUEUED_BYTES_MAX, QUEUED_CHUNKS_MAX } from '../../src/limits.ts';
import type { BatchSubmission } from '../../src/state/inputs.ts';
import { BOOM, codeOf, refusalOf, viewOf, World } from './world.ts';

const LEASE_ID = `lse_${'x'.repeat(24)}`;
const CALLBACK = { callback: { url: 'http://good.example/c' } };

describe('chunks', () => {
  test.for([[0, 4, 1], [1, 4, 1], [16, 4, 1], [17, 4, 2], [100, 4, 7], [1_000, 4, 63], [10, 2, 2], [100_000, 256, 98]] as const)(
    '%i items on %i workers go out in chunks of %i, by the rule of Python', ([items, workers, size]) => {
      expect(defaultChunkSize(items, workers)).toBe(size);
    });

  test('a batch is cut into chunks of the size that was asked for, the last one shorter', () => {
    const world = new World(1);
    const { id } = world.submit({ items: ['a', 'b', 'c', 'd', 'e'], chunkSize: 2 });
    expect([...world.payloads].filter(([name]) => name.startsWith(`${id}/i`))).toEqual([[`${id}/i0`, '["a","b"]'], [`${id}/i2`, '["c","d"]'], [`${id}/i4`, '["e"]']]);
    expect(world.batch(id)).toMatchObject({ chunkSize: 2, chunks: 3 });
    world.work();
    expect([...world.payloads.keys()].filter((name) => name.startsWith(`${id}/i`))).toEqual([`${id}/i4`]);
    world.pass(1);
    world.submit();
    expect([...world.payloads.keys()].filter((name) => name.startsWith(`${id}/i`))).toEqual([]);
  });

  test('a submission beyond the chunks that may wait is refused, and taken once the others are done', () => {
    const world = new World(1);
    const items = Array.from({ length: ITEMS_MAX }, () => 0);
    const first = world.submit({ items, chunkSize: ITEMS_MAX / QUEUED_CHUNKS_MAX });
    const { request } = world.submit();
    expect(refusalOf(world.answerTo(request))).toMatchObject({ code: 'batch_queue_full', retryAfterMs: 1_000 });
    world.ask({ kind: 'cancelBatch', batch: first.id });
    expect(codeOf(world.answerTo(world.submit().request))).toBe('batch');
  });
});

describe('what receivers are owed', () => {
  test.for([['callback'], ['errorCallback']] as const)('while too many deliveries are pending a batch with %s is refused, and one without is taken', ([member]) => {
    const world = new World(1);
    world.submit({ items: [], ...CALLBACK });
    const row = world.state.deliveries.get('dlv_1')!;
    for (let n = 2; n <= PENDING_DELIVERIES_MAX; n++) world.state.deliveries.put({ ...row, id: `dlv_owed_${n}` });
    const { id, request } = world.submit({ items: [], [member]: CALLBACK.callback });
    expect(refusalOf(world.answerTo(request))).toMatchObject({ code: 'batch_queue_full', retryAfterMs: 1_000, detail: expect.stringContaining('callbacks') });
    expect(world.state.batches.get(id)).toBeUndefined();
    expect(codeOf(world.answerTo(world.submit().request))).toBe('batch');
    world.report({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 1, outcome: 'delivered' });
    expect(codeOf(world.answerTo(world.submit({ items: [], [member]: CALLBACK.callback }).request))).toBe('batch');
  });

  test('while pending deliveries and what is queued hold too many bytes a batch with a callback is refused, and one without is taken', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [], ...CALLBACK });
    const row = world.batch(id);
    world.state.batches.put({ ...row, resultBytes: QUEUED_BYTES_MAX - world.state.batchIndex.owedBytes });
    expect(codeOf(world.answerTo(world.submit({ items: [0], ...CALLBACK }).request))).toBe('batch_queue_full');
    expect(codeOf(world.answerTo(world.submit({ items: [0] }).request))).toBe('batch');
    world.report({ kind: 'deliverySettled', delivery: row.delivery, attempt: 1, outcome: 'gone' });
    expect(codeOf(world.answerTo(world.submit({ items: [0], ...CALLBACK }).request))).toBe('batch');
  });

  test('what is owed is known again after a restart', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0], ...CALLBACK });
    world.work(() => ({ value: '"kept"' }));
    const { pendingDeliveries, owedBytes, endedBytes } = world.state.batchIndex;
    expect([pendingDeliveries, owedBytes > world.batch(id).resultBytes, endedBytes]).toEqual([1, true, 0]);
    world.restart();
    expect(world.state.batchIndex).toMatchObject({ pendingDeliveries, owedBytes, endedBytes });
  });
});

describe('answers', () => {
  test('without waiting a submission is answered with the batch', () => {
    const world = new World();
    const { id, request } = world.submit();
    expect(viewOf(world.answerTo(request)).batch).toMatchObject({ id, counts: { total: 1 } });
  });

  test('a waiting submission gets the results of a batch that succeeded', () => {
    const world = new World();
    const { request } = world.submit({ items: [1, 2, 3] }, { waitMs: 1_000 });
    expect(world.answerTo(request)).toBeUndefined();
    world.work();
    const view = viewOf(world.answerTo(request));
    expect(view.batch.state).toBe('succeeded');
    expect(view.results?.map(({ index, state }) => [index, state])).toEqual([[0, 'succeeded'], [1, 'succeeded'], [2, 'succeeded']]);
  });

  test('a waiting submission gets no results when there are more than an answer may carry', () => {
    const world = new World();
    const { request } = world.submit({ items: Array.from({ length: 1_001 }, () => 0) }, { waitMs: 1_000 });
    world.work();
    expect(viewOf(world.answerTo(request))).toMatchObject({ batch: { state: 'succeeded' } });
    expect(viewOf(world.answerTo(request)).results).toBeUndefined();
  });

  test('a waiting submission is refused with the first failure that arrived when its batch failed', () => {
    const world = new World();
    const { id, request } = world.submit({ items: [1, 2], chunkSize: 1 }, { waitMs: 1_000 });
    world.finish(world.threadOf(id, 1), { error: { ...BOOM, message: 'second, but first' } });
    expect(world.answerTo(request)).toBeUndefined();
    world.finish(world.threadOf(id, 0), { error: BOOM });
    expect(refusalOf(world.answerTo(request))).toMatchObject({ code: 'task_failed', batch: id, error: { message: 'second, but first' } });
    expect(world.state.batchIndex.unreadErrors).toBe(0);
  });

  test('a waiting submission is refused when its batch was cancelled', () => {
    const world = new World(1);
    const { id, request } = world.submit({ items: [1, 2], chunkSize: 1 }, { waitMs: 1_000 });
    world.ask({ kind: 'cancelBatch', batch: id });
    world.work();
    expect(refusalOf(world.answerTo(request))).toMatchObject({ code: 'task_failed', batch: id, error: { kind: 'cancelled' } });
  });

  test('a waiting submission whose time is over gets the batch as it is', () => {
    const world = new World();
    const { request } = world.submit({}, { waitMs: 100 });
    world.pass(100);
    expect(world.answerTo(request)).toBeUndefined();
    world.pass(1);
    expect(viewOf(world.answerTo(request)).batch.state).toBe('running');
    world.work();
  });

  test('a batch without items succeeds at once', () => {
    const world = new World();
    const { request } = world.submit({ items: [] }, { waitMs: 1_000 });
    expect(viewOf(world.answerTo(request))).toMatchObject({ batch: { state: 'succeeded' }, results: [] });
  });

  test('an orderly stop answers those who wait with the batch as it is, and takes no new one', () => {
    const world = new World();
    const { id, request } = world.submit({}, { waitMs: 1_000 });
    const reader = world.ask({ kind: 'readBatch', batch: id, waitMs: 1_000 });
    world.report({ kind: 'drain' });
    expect([request, reader].map((number) => viewOf(world.answerTo(number)).batch.state)).toEqual(['running', 'running']);
    expect(codeOf(world.answerTo(world.submit().request))).toBe('shutting_down');
    expect(codeOf(world.answerTo(world.ask({ kind: 'readBatch', batch: id, waitMs: 1_000 })))).toBe('batch');
  });
});

describe('keys', () => {
  const key = { id: 'key', fingerprint: 'body' };

  test('a retry gets the same batch as it is now, and nothing runs twice', () => {
    const world = new World();
    const { id } = world.submit({}, { key });
    world.work();
    const retry = world.submit({}, { key });
    expect(viewOf(world.answerTo(retry.request)).batch).toMatchObject({ id, state: 'succeeded' });
    expect(world.state.batches.size).toBe(1);
  });

  test('a retry that waits gets what the first request would get now', () => {
    const world = new World();
    const { id } = world.submit({ items: [1, 2] }, { key });
    const retry = world.submit({}, { key, waitMs: 1_000 });
    expect(world.answerTo(retry.request)).toBeUndefined();
    world.work(({ item }) => (item === 0 ? { error: BOOM } : { value: '2' }));
    expect(refusalOf(world.answerTo(retry.request))).toMatchObject({ code: 'task_failed', batch: id });
    expect(codeOf(world.answerTo(world.submit({}, { key, waitMs: 1_000 }).request))).toBe('task_failed');
    expect(codeOf(world.answerTo(world.submit({}, { key }).request))).toBe('batch');
  });

  test('a key with another body is refused', () => {
    const world = new World();
    world.submit({}, { key });
    expect(codeOf(world.answerTo(world.submit({}, { key: { ...key, fingerprint: 'another' } }).request))).toBe('idempotency_key_reused');
  });

  test('a retry for a batch that is forgotten is refused, and does not run it again', () => {
    const world = new World();
    const { id } = world.submit({}, { key });
    world.work();
    world.state.batches.put({ ...world.batch(id), keepUntil: world.now });
    world.pass(1);
    expect(refusalOf(world.answerTo(world.submit({}, { key }).request))).toMatchObject({ code: 'batch_forgotten', batch: id });
    expect(world.state.batches.size).toBe(0);
  });

  test('a key is kept for as long as its batch has not ended', () => {
    const world = new World(1);
    const { id } = world.submit({ timeoutMs: 86_400_000 }, { key });
    world.pass(86_300_000);
    expect(viewOf(world.answerTo(world.submit({}, { key }).request)).batch.id).toBe(id);
  });
});

describe('refusals', () => {
  const REFUSED: readonly (readonly [string, Partial<BatchSubmission>, string, string])[] = [
    ['a function that nobody exports', { function: 'absent' }, 'function_not_found', '/function'],
    ['a function named like a member of every object', { function: 'constructor' }, 'function_not_found', '/function'],
    ['a function named __proto__', { function: '__proto__' }, 'function_not_found', '/function'],
    ['an initializer that nobody exports', { initializer: { function: 'toString', args: [] } }, 'function_not_found', '/initializer/function'],
    ['a starmap item that is no array', { call: 'starmap', items: [[1], { 0: 1 }] }, 'items_invalid', '/items/1'],
    ['a lock with another member', { items: [{ $lock: 'a', ttlMs: 1 }] }, 'lock_not_shareable', '/items/0'],
    ['a lock deep in an item', { items: [0, { deep: [0, { $lock: '..' }] }] }, 'lock_not_shareable', '/items/1/deep/1'],
    ['a lock under a name that needs escaping', { items: [{ 'a/b~c': { $lock: 7 } }] }, 'lock_not_shareable', '/items/0/a~1b~0c'],
    ['a lock name that is too long', { items: [{ $lock: 'n'.repeat(257) }] }, 'lock_not_shareable', '/items/0'],
    ['an empty lock name', { items: [{ $lock: '' }] }, 'lock_not_shareable', '/items/0'],
    ['a lease id for an item', { items: ['fine', LEASE_ID] }, 'lock_not_shareable', '/items/1'],
    ['a lease id as the name of a member', { items: [{ [LEASE_ID]: { $lock: 7 } }] }, 'lock_not_shareable', '/items/0'],
    ['a lease id among the arguments of the initializer', { initializer: { function: 'prepare', args: [[LEASE_ID]] } }, 'lock_not_shareable', '/initializer/args/0/0'],
    ['a bad lock in a global', { globals: { shared: { $lock: ' ' } } }, 'lock_not_shareable', '/globals/shared'],
    ['a lock in the place of all globals', { globals: { $lock: 'a' } }, 'lock_not_shareable', '/globals'],
    ['a lease id as the name of a global', { globals: { [LEASE_ID]: 1 } }, 'lock_not_shareable', '/globals'],
    ['a number that no program can hold', { items: [0, JSON.parse('{"a": [1e400]}')] }, 'items_invalid', '/items/1/a/0'],
    ['a number that is too far below zero', { items: JSON.parse('[-1e309]') }, 'items_invalid', '/items/0'],
    ['a number too large among the arguments of the initializer', { initializer: { function: 'prepare', args: JSON.parse('[1e400]') } }, 'items_invalid', '/initializer/args/0'],
    ['a number too large in a global', { globals: JSON.parse('{"shade": {"b": 1e400}}') }, 'items_invalid', '/globals/shade/b'],
    ['a global that is no identifier', { globals: { 'a-b': 1 } }, 'globals_invalid', '/globals/a-b'],
    ['a global that is a reserved word', { globals: { class: 1 } }, 'globals_invalid', '/globals/class'],
    ['a global that every thread has', { globals: { fetch: 1 } }, 'globals_invalid', '/globals/fetch'],
    ['a global that every object has', { globals: { constructor: 1 } }, 'globals_invalid', '/globals/constructor'],
    ['a global named __proto__', { globals: JSON.parse('{"__proto__": 1}') }, 'globals_invalid', '/globals/__proto__'],
  ];

  test.for(REFUSED)('%s is refused with its place, and leaves nothing', ([, batch, code, pointer]) => {
    const world = new World();
    const refusal = refusalOf(world.answerTo(world.submit(batch, { key: { id: 'k', fingerprint: 'f' } }).request));
    expect(refusal).toMatchObject({ code, pointer });
    expect(refusal.detail).toContain(pointer);
    expect(JSON.stringify(refusal)).not.toContain(LEASE_ID);
    expect([world.state.batches.size, world.state.chunks.size, world.state.keys.size, world.payloads.size]).toEqual([0, 0, 0, 0]);
  });

  test.for([
    [{ items: [{ $lock: 'orders/42' }, [{ $lock: 'n'.repeat(256) }]] }], [{ items: ['lse_short', `the lease ${LEASE_ID}`, { lock: 'x' }] }],
    [{ items: [LEASE_ID.slice(0, -1), `${LEASE_ID}x`, { [`${LEASE_ID}x`]: 1 }, 1e308, -0, 0.1] }],
    [{ initializer: { function: 'prepare', args: [{ $lock: 'a' }] } }], [{ globals: { shared: { $lock: 'a' }, $_ñ: null } }], [{ call: 'starmap', items: [[], [1, 2]] }],
  ] as const)('%j may be submitted', ([batch]) => {
    const world = new World();
    expect(codeOf(world.answerTo(world.submit(batch).request))).toBe('batch');
  });

  test('before any thread has said which functions there are, a submission is told to come back', () => {
    const world = new World();
    world.restart();
    expect(refusalOf(world.answerTo(world.submit().request))).toMatchObject({ code: 'functions_unknown', retryAfterMs: 1_000 });
  });

  test('a function that is not found names the modules that could not be loaded', () => {
    const world = new World();
    world.restart();
    const [thread] = world.threads.values();
    world.report({ kind: 'workerReady', worker: thread!.worker, functions: [], broken: [{ module: 'broken.ts', message: 'unexpected end' }] });
    expect(refusalOf(world.answerTo(world.submit().request)).detail).toContain('broken.ts (unexpected end)');
  });
});
