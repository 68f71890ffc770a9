// Cancelling: queued tasks never start, running ones are told and then stopped, ended batches stay as they are.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../harness.ts';
import { timed, until } from '../until.ts';

const service = sharedService();

function noted(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

test('a task that is told to stop may end by itself, and its batch is cancelled', async (context) => {
  const { client } = service;
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'obedient', items: [noteIn, noteIn, noteIn, noteIn, noteIn], chunkSize: 1 });
  await until('two tasks run', async () => (await noted(noteIn)).split('started').length === 3);
  const { status, body } = await client.cancel(id);
  expect([status, body.id]).toEqual([200, id]);
  const { batch, results } = await client.ended(id);
  expect(batch.state).toBe('cancelled');
  expect(batch.counts).toMatchObject({ total: 5, pending: 0, running: 0 });
  expect((await noted(noteIn)).match(/started|told/gu)?.toSorted()).toEqual(['started', 'started', 'told', 'told']);
  for (const { state, error } of results.slice(2)) expect([state, error?.kind]).toEqual(['cancelled', 'cancelled']);
});

test('a task that does not listen is stopped, and gives back its lock', async (context) => {
  const { client } = service;
  const lock = freshName();
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await client.enqueue({ function: 'holdThen', call: 'starmap', items: [[lock, { noteIn, next: 'spin' }]] });
  await until('the task holds the lock', () => noted(noteIn));
  const { tookMs } = await timed(async () => {
    await client.cancel(id);
    expect((await client.queue(lock).answer).status).toBe(201);
  });
  expect(tookMs).toBeLessThan(7_000);
  const { batch, results } = await client.ended(id);
  expect([batch.state, results[0]?.state, results[0]?.error?.kind]).toEqual(['cancelled', 'cancelled', 'cancelled']);
});

test('a task that waits for a lock leaves the line when it is cancelled', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock, { ttlMs: 60_000 });
  const { id } = await client.enqueue({ function: 'forgetToRelease', items: [lock] });
  await client.waitersReach(lock, 1);
  await client.cancel(id);
  await client.waitersReach(lock, 0);
  expect((await client.ended(id)).batch.state).toBe('cancelled');
});

test('a queued batch that is cancelled never starts', async (context) => {
  const { client } = service;
  const directory = freshDirectory(context);
  const [gate, never] = [path.join(directory, 'open'), path.join(directory, 'never')];
  const busy = await client.enqueue({ function: 'gate', items: [{ until: gate }, { until: gate }], chunkSize: 1 });
  await until('both workers are busy', async () => (await client.batch(busy.id)).body.counts.running === 2);
  const queued = await client.enqueue({ function: 'gate', items: [{ noteIn: never }] });
  expect(queued.state).toBe('queued');
  expect((await client.cancel(queued.id)).body.state).toBe('cancelled');
  await writeFile(gate, '');
  await client.ended(busy.id);
  const { batch, results } = await client.ended(queued.id);
  expect([batch.state, batch.counts.cancelled, results[0]?.state]).toEqual(['cancelled', 1, 'cancelled']);
  expect(await noted(never)).toBe('');
});

test('what had ended before the cancellation keeps its result', async (context) => {
  const { client } = service;
  const gate = path.join(freshDirectory(context), 'open');
  const { id } = await client.enqueue({ function: 'gate', items: [{}, { until: gate }, {}], chunkSize: 3 });
  await until('the first item is done', async () => (await client.results(id)).body.results[0]?.state === 'succeeded');
  await client.cancel(id);
  const { batch, results } = await client.ended(id);
  expect(results.map(({ state }) => state)).toEqual(['succeeded', 'cancelled', 'cancelled']);
  expect(batch.counts).toMatchObject({ succeeded: 1, cancelled: 2 });
});

test('cancelling again, or after the end, changes nothing', async () => {
  const { client } = service;
  const { batch } = await client.run({ function: 'echo', items: [1] });
  const late = await client.cancel(batch.id);
  expect([late.status, late.body.state, late.body.counts.succeeded]).toEqual([200, 'succeeded', 1]);
  for (const unknown of ['bat_unknown', 'nonsense', 'constructor']) expect((await client.cancel(unknown)).status).toBe(404);
});

test('a client that waits for a batch is answered when it is cancelled', async (context) => {
  const { client } = service;
  const gate = path.join(freshDirectory(context), 'never');
  const { id } = await client.enqueue({ function: 'gate', items: [{ until: gate }] });
  const waiting = client.http.open<{ state: string }>('GET', `/v1/batches/${id}?waitMs=60000`);
  await client.cancel(id);
  expect((await waiting.answer).body.state).toBe('cancelled');
});
