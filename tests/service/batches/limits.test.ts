// Limits of batches: each is met here, with the answer that the contract gives.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, prepareService, sharedService } from '../harness.ts';
import { until } from '../until.ts';

const service = sharedService();

function nested(depth: number): string {
  return `{"function":"echo","items":[${'['.repeat(depth)}${']'.repeat(depth)}]}`;
}

test('an answer carries the results of 1,000 items and of no more', { timeout: 40_000 }, async () => {
  const { client } = service;
  const [fits, beyond] = [1_000, 1_001].map((count) => ({ function: 'echo', items: Array.from({ length: count }, (_, n) => n), waitMs: 30_000 }));
  const inline = await client.submit(fits ?? { function: '', items: [] });
  expect([inline.status, inline.body.results.length, inline.body.results.at(-1)?.value]).toEqual([200, 1_000, 999]);
  const paged = await client.submit(beyond ?? { function: '', items: [] });
  expect([paged.status, paged.body.results, paged.body.counts.succeeded]).toEqual([200, undefined, 1_001]);
});

test('100,000 items are taken and all of them run', { timeout: 90_000 }, async () => {
  const { client } = service;
  const { id } = await client.enqueue({ function: 'echo', items: Array.from({ length: 100_000 }, (_, n) => n) });
  const { batch } = await client.ended(id, 80_000);
  expect(batch.counts).toMatchObject({ total: 100_000, succeeded: 100_000 });
});

test('a body beyond 32 MiB is refused, one below it is taken', { timeout: 60_000 }, async () => {
  const { client } = service;
  const piece = 'p'.repeat(1_000_000);
  const items = (count: number): readonly string[] => Array.from({ length: count }, () => piece);
  expect((await client.submit({ function: 'nothing', items: items(36) })).status).toBe(413);
  const { id } = await client.enqueue({ function: 'nothing', items: items(30) });
  expect((await client.ended(id, 30_000)).batch.state).toBe('succeeded');
});

test('JSON that is nested beyond the limit is refused', async () => {
  const { client } = service;
  for (const depth of [70, 20_000]) expect([400, 422]).toContain((await client.ask('POST', '/v1/batches', { raw: nested(depth) })).status);
  expect((await client.ask('POST', '/v1/batches', { raw: nested(50) })).status).toBe(202);
  const lock = `{"metadata":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`;
  expect((await client.ask('POST', '/v1/locks/nested/leases', { raw: lock })).status).toBe(400);
});

test('a queue of more than 100,000 chunks takes no more until it is shorter', { timeout: 90_000 }, async (context) => {
  const own = prepareService(context);
  const client = await own.start();
  const gate = path.join(freshDirectory(context), 'open');
  const busy = await client.enqueue({ function: 'gate', items: [{ until: gate }, { until: gate }], chunkSize: 1 });
  await until('both workers are busy', async () => (await client.batch(busy.id)).body.counts.running === 2);
  const large = { function: 'echo', items: Array.from({ length: 90_000 }, () => 0), chunkSize: 1 };
  const first = await client.enqueue(large);
  const { status, headers, body } = await client.submit(large);
  expect([status, body.code]).toEqual([429, 'batch_queue_full']);
  expect(headers['retry-after']).toBeDefined();
  expect((await client.cancel(first.id)).status).toBe(200);
  await writeFile(gate, '');
  await client.ended(first.id, 30_000);
  const again = await client.submit({ function: 'echo', items: [1] });
  expect(again.status).toBe(202);
});
