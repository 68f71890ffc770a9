// Failures: every way in which a task can go wrong is a result of its own, and none is silent.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, sharedService } from '../harness.ts';
import { until } from '../until.ts';

const service = sharedService();

test('a failed item keeps its own error and the others go on', async () => {
  const items = [{ do: 'nothing', value: 1 }, { do: 'throwError', value: 'no good' }, { do: 'nothing', value: 3 }, { do: 'throwCoded', value: 'with a code' }, { do: 'nothing', value: 5 }];
  const { batch, results } = await service.client.run({ function: 'misbehave', items, chunkSize: 5 });
  expect(batch).toMatchObject({ state: 'failed', counts: { total: 5, succeeded: 3, failed: 2 } });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'failed', 'succeeded', 'failed', 'succeeded']);
  expect(results[1]?.error).toMatchObject({ name: 'TypeError', message: 'no good', kind: 'error' });
  expect(results[1]?.error?.stack).toContain('failing.ts');
  expect(results[3]?.error).toMatchObject({ name: 'Coded', message: 'with a code', code: 'E_CODED', kind: 'error' });
  expect(batch.error.message).toBe('no good');
});

test('a waited-for batch with a failure is task_failed, with the error and the batch', async () => {
  const { client } = service;
  const { status, headers, body } = await client.submit({ function: 'misbehave', items: [{ do: 'throwError', value: 'shown' }, { do: 'nothing' }], waitMs: 20_000 });
  expect(status).toBe(422);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/u);
  expect(body).toMatchObject({ code: 'task_failed', error: { name: 'TypeError', message: 'shown', kind: 'error' } });
  expect((await client.batch(body.batch)).body).toMatchObject({ state: 'failed', counts: { succeeded: 1, failed: 1 } });
});

test('the error of a batch is the first that arrived, not the first in the list', async (context) => {
  const { client } = service;
  const gate = path.join(freshDirectory(context), 'open');
  const { id } = await client.enqueue({ function: 'gateThenThrow', items: [{ until: gate, message: 'late' }, { message: 'early' }], chunkSize: 1 });
  await until('the second item fails', async () => (await client.results(id)).body.results[1]?.state === 'failed');
  await writeFile(gate, '');
  const { batch, results } = await client.ended(id);
  expect(batch.error.message).toBe('early');
  expect(results.map(({ error }) => error?.message)).toEqual(['late', 'early']);
});

test.for([
  ['throws a string', { do: 'throwValue', value: 'just text' }, ['error'], /just text/u],
  ['throws a number', { do: 'throwValue', value: 7 }, ['error'], /7/u],
  ['throws null', { do: 'throwValue', value: null }, ['error'], /null/u],
  ['throws an object', { do: 'throwValue', value: { message: 'of an object' } }, ['error'], /.*/u],
  ['throws undefined', { do: 'throwUndefined' }, ['error'], /.*/u],
  ['throws a function', { do: 'throwFunction' }, ['error'], /.*/u],
  ['throws what cannot be read', { do: 'throwHostile' }, ['error'], /.*/u],
  ['rejects', { do: 'reject', value: 'rejected' }, ['error'], /rejected/u],
  ['leaves a rejection that nobody awaits', { do: 'rejectUnawaited' }, ['error', 'worker_lost'], /.*/u],
  ['returns a function', { do: 'returnFunction' }, ['not_serializable'], /.*/u],
  ['returns a symbol', { do: 'returnSymbol' }, ['not_serializable'], /.*/u],
  ['returns a BigInt', { do: 'returnBigInt' }, ['not_serializable'], /.*/u],
  ['returns a cycle', { do: 'returnCycle' }, ['not_serializable'], /.*/u],
  ['returns a function deep inside', { do: 'returnNestedFunction' }, ['not_serializable'], /.*/u],
  ['returns what cannot be read', { do: 'returnHostile' }, ['not_serializable', 'error'], /.*/u],
  ['exits', { do: 'exit' }, ['worker_lost'], /.*/u],
  ['spins beyond its time', { do: 'spin' }, ['timeout'], /.*/u],
  ['never settles', { do: 'never' }, ['timeout'], /.*/u],
] as const)('a task that %s fails by itself, and the next item of its chunk succeeds', async ([, misdeed, kinds, message]) => {
  const { batch, results } = await service.client.run({ function: 'misbehave', items: [{ do: 'nothing', value: 'before' }, misdeed, { do: 'nothing', value: 'after' }], chunkSize: 3, timeoutMs: 1_000 });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'failed', 'succeeded']);
  expect(results.map(({ value }) => value ?? null)).toEqual(['before', null, 'after']);
  expect(kinds).toContain(results[1]?.error?.kind);
  expect(results[1]?.error?.message).toMatch(message);
  expect(results[1]?.error?.name).toMatch(/\S/u);
  expect(batch).toMatchObject({ state: 'failed', counts: { total: 3, succeeded: 2, failed: 1 } });
});

test('a task that eats all memory is lost alone, and the service goes on', { timeout: 90_000 }, async () => {
  const { client } = service;
  const { id } = await client.enqueue({ function: 'misbehave', items: [{ do: 'nothing', value: 1 }, { do: 'exhaust' }, { do: 'nothing', value: 3 }], chunkSize: 3, timeoutMs: 60_000 });
  const { results } = await client.ended(id, 80_000);
  expect(results.map(({ state, error }) => error?.kind ?? state)).toEqual(['succeeded', 'worker_lost', 'succeeded']);
  expect(service.child.ended).toBe(false);
});

test('items behind a lost one are run once, with their attempt unchanged, and those before it not again', async (context) => {
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { results } = await service.client.run({ function: 'misbehave', items: [{ do: 'nothing', noteIn, value: 1 }, { do: 'exit', noteIn }, { do: 'nothing', noteIn, value: 3 }], chunkSize: 3 });
  expect(results.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  expect((await readFile(noteIn, 'utf8')).trim().split('\n')).toEqual(['nothing:1', 'exit:1', 'nothing:1']);
});

test('a time limit counts for each task, not for its chunk', async () => {
  const { results } = await service.client.run({ function: 'sleep', items: [400, 400, 400, 400], chunkSize: 4, timeoutMs: 1_200 });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
});

test('many tasks that lose their workers one after another all end, and the pool recovers', { timeout: 60_000 }, async () => {
  const { client } = service;
  const { id } = await client.enqueue({ function: 'misbehave', items: Array.from({ length: 6 }, () => ({ do: 'exit' })), chunkSize: 2 });
  const { batch } = await client.ended(id, 50_000);
  expect(batch.counts).toMatchObject({ failed: 6 });
  expect((await client.run({ function: 'echo', items: [1, 2] })).batch.state).toBe('succeeded');
});

test('a value that is too large is a failure of its item', async () => {
  const { results } = await service.client.run({ function: 'large', items: [10, 3_000_000], chunkSize: 2 });
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'failed']);
});
