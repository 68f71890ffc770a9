// Batches that go well: how functions are called, how items become chunks, and how results come back.

import { expect, test } from 'vitest';
import { freshDirectory, sharedService } from '../harness.ts';
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { until } from '../until.ts';

const service = sharedService();

test('the functions of the folder are listed by the names of their exports', async () => {
  const { client } = service;
  const { body: { functions } } = await client.functions();
  const names = functions.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['echo', 'add', 'whoAmI', 'misbehave', 'byArgument', 'remember']));
  expect(functions.find(({ name }) => name === 'echo')?.module).toMatch(/plain\.ts$/u);
  expect((await client.ask('GET', '/v1/functions/echo')).body).toMatchObject({ name: 'echo' });
  for (const unknown of ['missing', 'constructor', '__proto__', 'exists', 'pause']) {
    expect((await client.ask('GET', `/v1/functions/${unknown}`)).status).toBe(404);
  }
});

test('map passes each item as the one argument, and the values come back in the items\' order', async () => {
  const items = [1, 'two', null, [3, [4]], { five: { six: true } }, 0.1, '', -0.5, 'ünïcödé 🔒', Array.from({ length: 50 }, (_, n) => n)];
  const { batch, results } = await service.client.run({ function: 'echo', items });
  expect(batch).toMatchObject({ state: 'succeeded', function: 'echo', call: 'map', counts: { total: 10, pending: 0, running: 0, succeeded: 10, failed: 0, cancelled: 0 } });
  expect(results.map(({ value }) => value)).toEqual(items);
  expect(results.map(({ index, state, attempt }) => [index, state, attempt])).toEqual(items.map((_, index) => [index, 'succeeded', 1]));
  for (const { durationMs } of results) expect(durationMs).toBeGreaterThanOrEqual(0);
});

test('map passes an array as one argument and starmap spreads it', async () => {
  const { client } = service;
  const items = [[1, 2], [], [[3]]];
  const mapped = await client.run({ function: 'countArguments', items });
  const spread = await client.run({ function: 'countArguments', call: 'starmap', items });
  expect(mapped.results.map(({ value }) => value)).toEqual([1, 1, 1]);
  expect(spread.results.map(({ value }) => value)).toEqual([2, 0, 1]);
  const added = await client.run({ function: 'add', call: 'starmap', items: [[1, 2], [3, 4]] });
  expect(added.results.map(({ value }) => value)).toEqual([3, 7]);
});

test('a batch that is waited for is answered with its results', async () => {
  const { status, body } = await service.client.submit({ function: 'add', call: 'starmap', items: [[1, 2], [3, 4]], waitMs: 20_000 });
  expect(status).toBe(200);
  expect(body.state).toBe('succeeded');
  expect(body.results.map(({ index, value, logs }) => [index, value, logs])).toEqual([[0, 3, ''], [1, 7, '']]);
});

test('a batch that is not waited for is accepted at once and found where it says', async () => {
  const { client } = service;
  const { status, headers, body } = await client.submit({ function: 'echo', items: [1] });
  expect(status).toBe(202);
  expect(body.id).toMatch(/^bat_/u);
  expect(headers['location']).toBe(`/v1/batches/${body.id}`);
  expect(['queued', 'running', 'succeeded']).toContain(body.state);
  const found = await client.ended(body.id);
  expect(found.batch).toMatchObject({ id: body.id, state: 'succeeded' });
  for (const at of [found.batch.createdAt, found.batch.startedAt, found.batch.endedAt]) expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
});

test('a wait that runs out is answered with the batch as it is, and hanging up changes nothing', async (context) => {
  const { client } = service;
  const gate = path.join(freshDirectory(context), 'open');
  const waited = await client.submit({ function: 'gate', items: [{ until: gate }], waitMs: 200 });
  expect(waited.status).toBe(202);
  expect(['queued', 'running']).toContain(waited.body.state);
  const follower = client.http.open('GET', `/v1/batches/${waited.body.id}?waitMs=60000`);
  await follower.hangUp();
  await writeFile(gate, '');
  expect((await client.ended(waited.body.id)).batch.state).toBe('succeeded');
});

test('a batch goes on when the client that waits for it hangs up', async (context) => {
  const { client } = service;
  const directory = freshDirectory(context);
  const [noteIn, gate] = [path.join(directory, 'note'), path.join(directory, 'open')];
  const waiting = client.http.open('POST', '/v1/batches', { json: { function: 'gate', items: [{ noteIn, until: gate }], waitMs: 60_000 } });
  const id = await until('the batch runs', async () => (await client.batches('state=running')).body.batches[0]?.id);
  await waiting.hangUp();
  await writeFile(gate, '');
  expect((await client.ended(id)).batch.state).toBe('succeeded');
});

test('a batch without items succeeds', async () => {
  const { client } = service;
  const waited = await client.submit({ function: 'echo', items: [], waitMs: 10_000 });
  expect([waited.status, waited.body.state, waited.body.results]).toEqual([200, 'succeeded', []]);
  expect(waited.body.counts.total).toBe(0);
  expect((await client.results(waited.body.id)).body).toEqual({ results: [] });
});

// Python: divmod(items, workers × 4), one more where there is a remainder. This service has two workers.
test.for([[1, 1], [7, 1], [8, 1], [9, 2], [16, 2], [17, 3], [100, 13], [800, 100], [801, 101]] as const)('%i items without a chunk size go in chunks of %i', async ([count, chunkSize]) => {
  const { batch } = await service.client.run({ function: 'nothing', items: Array.from({ length: count }, () => 0) });
  expect(batch).toMatchObject({ state: 'succeeded', chunkSize, counts: { total: count, succeeded: count } });
});

test('a chunk size of one\'s own is kept', async () => {
  const { client } = service;
  for (const chunkSize of [1, 3, 1_000]) {
    const { batch, results } = await client.run({ function: 'whoAmI', items: [0, 1, 2, 3, 4], chunkSize });
    expect(batch.chunkSize).toBe(chunkSize);
    expect(results.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4].map((index) => ({ batch: batch.id, index, attempt: 1 })));
  }
});

test('undefined comes back as null', async () => {
  const { results } = await service.client.run({ function: 'nothing', items: [1] });
  expect(results[0]).toMatchObject({ state: 'succeeded', value: null });
});

test('what a task prints is kept with its own result, in order', async () => {
  const { results } = await service.client.run({ function: 'prints', call: 'starmap', items: [['one', 2], ['two', 1]], chunkSize: 2 });
  expect(results[0]?.logs).toContain('one\none\n');
  for (const { logs } of results) expect(logs).toContain('written to standard output');
  for (const { logs } of results) expect(logs).toContain('written to standard error');
  expect(results[0]?.logs).not.toContain('two');
  expect(results[1]?.logs).not.toContain('one');
});

test('prints beyond the limit are cut and the result is kept', async () => {
  const { results } = await service.client.run({ function: 'prints', call: 'starmap', items: [['x'.repeat(1_000), 300]] });
  expect(results[0]).toMatchObject({ state: 'succeeded', value: 300 });
  expect(Buffer.byteLength(results[0]?.logs ?? '')).toBeLessThan(70_000);
  expect(Buffer.byteLength(results[0]?.logs ?? '')).toBeGreaterThan(32_000);
});

test('results come in pages, each item once and in order, without a cursor at the end', async () => {
  const { client } = service;
  const items = Array.from({ length: 25 }, (_, index) => index * 2);
  const { batch } = await client.run({ function: 'echo', items });
  const seen: unknown[] = [];
  let query = 'limit=10';
  for (let page = 0; page < 5; page += 1) {
    const { body } = await client.results(batch.id, query);
    seen.push(...body.results.map(({ value }) => value));
    if (body.nextCursor === undefined) break;
    query = `limit=10&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
  expect(seen).toEqual(items);
});

test('results show every item, also those that have none yet', async (context) => {
  const { client } = service;
  const gate = path.join(freshDirectory(context), 'open');
  const { id } = await client.enqueue({ function: 'gate', items: [{}, { until: gate }, {}], chunkSize: 3 });
  const results = await until('the first item is done', async () => {
    const { body } = await client.results(id);
    return body.results[0]?.state === 'succeeded' && body.results[1]?.state === 'running' ? body.results : undefined;
  });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'running', 'pending']);
  expect((await client.batch(id)).body.counts).toMatchObject({ total: 3, succeeded: 1, running: 1, pending: 1 });
  await writeFile(gate, '');
  await client.ended(id);
});

test('batches are listed by state, newest or oldest first, each once', async () => {
  const { client } = service;
  const made = await Promise.all(Array.from({ length: 5 }, () => client.enqueue({ function: 'echo', items: [1] })));
  await Promise.all(made.map(({ id }) => client.ended(id)));
  const seen: string[] = [];
  let query = 'state=succeeded&limit=3';
  for (let page = 0; page < 60; page += 1) {
    const { body } = await client.batches(query);
    for (const { id, state } of body.batches) {
      expect(state).toBe('succeeded');
      seen.push(id);
    }
    if (body.nextCursor === undefined) break;
    query = `state=succeeded&limit=3&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
  expect(seen).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
  expect(new Set(seen).size).toBe(seen.length);
});

test('a retried submission is answered with the same batch, another body is refused', async () => {
  const { client } = service;
  const headers = { 'idempotency-key': 'calls-1' };
  const first = await client.enqueue({ function: 'echo', items: [1] }, headers);
  await client.ended(first.id);
  const second = await client.submit({ function: 'echo', items: [1] }, headers);
  expect([second.status, second.body.id, second.body.state]).toEqual([202, first.id, 'succeeded']);
  const other = await client.submit({ function: 'echo', items: [2] }, headers);
  expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
});

test('a retried submission that waits gets what the first would get now', async () => {
  const { client } = service;
  const body = { function: 'misbehave', items: [{ do: 'throwError', value: 'once' }], waitMs: 20_000 };
  const headers = { 'idempotency-key': 'calls-2' };
  const first = await client.submit(body, headers);
  const second = await client.submit(body, headers);
  expect([first.status, second.status]).toEqual([422, 422]);
  expect(second.body.batch).toBe(first.body.batch);
});
