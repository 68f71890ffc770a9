// The pool from a program: values in order, locks as arguments, errors as they were there, and batches followed.

import path from 'node:path';
import { expect, test } from 'vitest';
import { Holdfast, RemoteTaskError } from '@holdfast/client';
import { freshDirectory, freshName, sharedService } from '../service/harness.ts';
import { until } from '../service/until.ts';
import { Recorder } from './recorder.ts';

const service = sharedService();

function connect(recorder = new Recorder()): Holdfast {
  return new Holdfast({ url: service.client.http.origin, fetch: recorder.fetch });
}

test('map and starmap give the values in the order of the items', async () => {
  const { pool } = connect();
  expect(await pool.map('echo', [3, 'two', null, { four: [4] }])).toEqual([3, 'two', null, { four: [4] }]);
  expect(await pool.starmap<number>('add', [[1, 2], [3, 4]])).toEqual([3, 7]);
  expect(await pool.map('echo', [])).toEqual([]);
});

test('more results than fit a page are read page by page', async () => {
  const recorder = new Recorder();
  const items = Array.from({ length: 2_500 }, (_, index) => index);
  expect(await connect(recorder).pool.map('echo', items, { chunkSize: 500 })).toEqual(items);
  expect(recorder.requests('GET', '/results')).toHaveLength(3);
});

test('a lock is shared with tasks by passing it, and a lease is refused before anything is sent', async () => {
  const recorder = new Recorder();
  const holdfast = connect(recorder);
  const lock = holdfast.lock(freshName());
  const [value] = await holdfast.pool.map<{ readonly name: string }>('namesOfLocks', [{ deep: [lock] }]);
  expect(JSON.stringify(value)).toContain(lock.name);
  await using lease = await lock.acquire();
  const sent = recorder.requests('POST', '/batches').length;
  await expect(holdfast.pool.map('echo', [lease])).rejects.toBeInstanceOf(TypeError);
  expect(recorder.requests('POST', '/batches')).toHaveLength(sent);
});

test('the error of a task is thrown with its name, message, code and stack, and the others are in its batch', async () => {
  const holdfast = connect();
  const items = [{ do: 'throwCoded', value: 'out of paper' }, { do: 'nothing', value: 1 }];
  const error: unknown = await holdfast.pool.map('misbehave', items).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RemoteTaskError);
  if (!(error instanceof RemoteTaskError)) return;
  expect(error).toMatchObject({ name: 'Coded', message: 'out of paper', code: 'E_CODED', kind: 'error' });
  expect(error.stack).toMatch(/failing\.ts[\s\S]*in the batch bat_[\s\S]*pool\.test\.ts/u);
  expect(String(error)).toBe('Coded: out of paper');
  const results = await Array.fromAsync(holdfast.batch(error.batch).results());
  expect(results.map(({ state, value }) => [state, value])).toEqual([['failed', undefined], ['succeeded', 1]]);
});

test('the async forms do not wait: the batch is followed, its results are there meanwhile, and get gives the values', async (context) => {
  const holdfast = connect();
  const lock = holdfast.lock(freshName());
  const lease = await lock.acquire();
  const batch = await holdfast.pool.starmapAsync('byArgument', [[lock, path.join(freshDirectory(context), 'place')]]);
  expect(['queued', 'running']).toContain((await batch.wait({ timeoutMs: 50 })).state);
  expect(await batch.ready()).toBe(false);
  expect((await batch.resultPage()).results).toMatchObject([{ index: 0 }]);
  await lease.release();
  expect(await batch.get()).toHaveLength(1);
  expect(await batch.ready()).toBe(true);
  expect((await holdfast.listBatches({ state: 'succeeded' })).batches.map(({ id }) => id)).toContain(batch.id);
});

test('an abort of map rejects with its reason and cancels the batch', async () => {
  const recorder = new Recorder();
  const holdfast = connect(recorder);
  const caller = new AbortController();
  const reason = new Error('changed my mind');
  const mapping = holdfast.pool.map('sleep', [60_000, 60_000], { signal: caller.signal }).catch((error: unknown) => error);
  await until('the batch is followed', () => recorder.sent.some(({ method }) => method === 'GET'));
  caller.abort(reason);
  expect(await mapping).toBe(reason);
  const { batches: [batch] } = await holdfast.listBatches();
  expect(await holdfast.batch(batch?.id ?? '').wait()).toMatchObject({ state: 'cancelled' });
});

test('a batch that was cancelled is told by get as what it is', async () => {
  const { pool } = connect();
  const batch = await pool.mapAsync('sleep', [60_000]);
  await batch.cancel();
  await expect(batch.get()).rejects.toMatchObject({ kind: 'cancelled', batch: batch.id });
});

test('a submission whose answer was lost is made once', async () => {
  let lost = 0;
  const recorder = new Recorder();
  const { origin } = service.client.http;
  const holdfast = new Holdfast({
    url: origin,
    fetch: async (url, init) => {
      const answer = await recorder.fetch(url, init);
      if (init.method === 'POST' && lost++ === 0) throw new TypeError('the connection was lost');
      return answer;
    },
  });
  const batch = await holdfast.pool.mapAsync('echo', [freshName('item')]);
  expect(recorder.requests('POST', '/batches')).toHaveLength(2);
  await batch.wait();
  const { batches } = await holdfast.listBatches();
  const items = await Promise.all(batches.map(({ id }) => holdfast.batch(id).resultPage()));
  const [{ value } = {}] = (await batch.resultPage()).results;
  expect(items.filter(({ results }) => results.some((result) => result.value === value))).toHaveLength(1);
});

test('a function that is not known is a problem that says where to look', async () => {
  await expect(connect().pool.map('noSuchFunction', [1])).rejects.toMatchObject({ name: 'Problem', code: 'function_not_found', status: 422 });
  expect((await connect().listFunctions()).map(({ name }) => name)).toContain('echo');
});
