// Setups: what an initializer and globals do to the threads of their batch, and to no other.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, sharedService } from '../harness.ts';
import type { BatchBody } from '../contract.ts';

const service = sharedService();
const TWENTY = Array.from({ length: 20 }, (_, index) => index);

test('an initializer runs in each thread before its first task, once, and without an index', async (context) => {
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { batch, results } = await service.client.run({ function: 'recall', items: TWENTY, chunkSize: 1, initializer: { function: 'remember', args: [{ of: 'the batch' }, noteIn] } });
  expect(batch.state).toBe('succeeded');
  expect(results.map(({ value }) => value)).toEqual(TWENTY.map(() => ({ of: 'the batch' })));
  const notes = (await readFile(noteIn, 'utf8')).trim().split('\n');
  expect(new Set(notes).size).toBe(notes.length);
  expect(notes.length).toBeLessThanOrEqual(2);
  for (const note of notes) expect(note).toMatch(/^\d+ false$/u);
});

test('batches with different setups at the same time never see each other\'s', { timeout: 60_000 }, async () => {
  const { client } = service;
  const batch = (value: string): BatchBody => ({ function: 'recall', items: TWENTY, chunkSize: 2, initializer: { function: 'remember', args: [value] } });
  const plain: BatchBody = { function: 'recall', items: TWENTY, chunkSize: 2 };
  const bodies = [batch('red'), plain, batch('green'), batch('red again'), plain];
  const ids = await Promise.all(bodies.map((body) => client.enqueue(body)));
  const seen = await Promise.all(ids.map(async ({ id }) => new Set((await client.ended(id, 50_000)).results.map(({ value }) => value))));
  expect(seen.map((values) => [...values])).toEqual([['red'], ['nothing'], ['green'], ['red again'], ['nothing']]);
});

test('a mark that a setup leaves on its thread is not found by a batch without one', async () => {
  const { client } = service;
  const tainted = await client.run({ function: 'readGlobal', items: ['taint', 'taint'], chunkSize: 1, initializer: { function: 'taint', args: ['here'] } });
  expect(tainted.results.map(({ value }) => value)).toEqual(['here', 'here']);
  const clean = await client.run({ function: 'readGlobal', items: ['taint', 'taint', 'taint', 'taint'], chunkSize: 1 });
  expect(clean.results.map(({ value }) => value)).toEqual(['absent', 'absent', 'absent', 'absent']);
});

test('globals are properties of the global object in the threads of their batch alone', async () => {
  const { client } = service;
  const own = await client.run({ function: 'readGlobal', items: ['first', '$second', 'undeclared'], globals: { first: { a: [1] }, $second: null } });
  expect(own.results.map(({ value }) => value)).toEqual([{ a: [1] }, 'absent', 'absent']);
  const other = await client.run({ function: 'readGlobal', items: ['first'] });
  expect(other.results[0]?.value).toBe('absent');
});

test.for(['not an id', '1st', 'a-b', '', 'Array', 'process', 'constructor', '__proto__', 'globalThis', 'toString', 'class', 'x'.repeat(129)])('a global named %j is refused', async (name) => {
  const raw = `{"function":"echo","items":[1],"globals":{${JSON.stringify(name)}:1}}`;
  const { status, body } = await service.client.ask('POST', '/v1/batches', { raw });
  expect([400, 422]).toContain(status);
  expect(body.code).toMatch(/^[a-z_]+$/u);
});

test.for([
  ['throws', { do: 'throwError', value: 'bad setup' }, /bad setup/u],
  ['rejects', { do: 'reject', value: 'bad setup' }, /bad setup/u],
  ['exits', { do: 'exit' }, /.*/u],
  ['spins beyond the time limit', { do: 'spin' }, /.*/u],
  ['never settles', { do: 'never' }, /.*/u],
] as const)('an initializer that %s fails its batch, once, and no task of it begins', async ([, misdeed, message], context) => {
  const { client } = service;
  const directory = freshDirectory(context);
  const noteIn = path.join(directory, 'notes');
  const ran = path.join(directory, 'ran');
  const { batch, results } = await client.run({ function: 'gate', items: TWENTY.map(() => ({ noteIn: ran })), chunkSize: 5, timeoutMs: 1_000, initializer: { function: 'misbehaveAtSetup', args: [{ ...misdeed, noteIn }] } });
  expect(batch).toMatchObject({ state: 'failed', counts: { total: 20, succeeded: 0, failed: 20 } });
  expect(batch.error.kind).toBe('initializer');
  expect(batch.error.message).toMatch(message);
  for (const { error } of results) expect(error?.kind).toBe('initializer');
  expect((await readFile(noteIn, 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(2);
  await expect(readFile(ran)).rejects.toThrow('ENOENT');
  expect((await client.run({ function: 'echo', items: [1] })).batch.state).toBe('succeeded');
});

test('an initializer that is no function is refused before anything runs', async () => {
  for (const name of ['missing', 'constructor', '__proto__']) {
    const { status, body } = await service.client.submit({ function: 'echo', items: [1], initializer: { function: name } });
    expect([status, body.code]).toEqual([422, 'function_not_found']);
  }
});
