// A thread that cannot be ended: it is given up, and nobody waits for it.

import { expect, test } from 'vitest';
import { startService } from '../harness.ts';
import { metric } from '../metrics.ts';
import { timed, until } from '../until.ts';

test.concurrent('a task that blocks its thread beyond all ending is given up after 5 seconds, with its lock, and its late result is nobody\'s', { timeout: 120_000 }, async (context) => {
  const { client } = await startService(context);
  const { id } = await client.enqueue({ function: 'block', call: 'starmap', items: [['lock', 14], ['other', 0]], chunkSize: 2, timeoutMs: 500 });
  await until('the task holds the lock', async () => (await client.lock('lock')).body.state === 'locked');
  const { value, tookMs } = await timed(() => client.queue('lock', { ttlMs: 60_000 }).answer);
  expect(value.status).toBe(201);
  expect(tookMs).toBeLessThan(10_000);
  const { results } = await client.ended(id, 10_000);
  expect(results.map(({ error, value: returned }) => error?.kind ?? returned)).toEqual(['timeout', 'woke up']);
  expect(await metric(client, 'holdfast_pool_workers', { state: 'stuck' })).toBe(1);
  expect((await client.run({ function: 'sleep', items: [50, 50, 50, 50], chunkSize: 1 })).batch.state).toBe('succeeded');
  await until('the thread has ended after all', async () => await metric(client, 'holdfast_pool_workers', { state: 'stuck' }) === 0, 20_000);
  expect((await client.results(id)).body.results[0]?.error?.kind).toBe('timeout');
  expect((await client.lease(value.body.id)).body.state).toBe('held');
});

test.concurrent('a thread that cannot be ended does not keep the service from stopping', { timeout: 120_000 }, async (context) => {
  const service = await startService(context, { environment: { HOLDFAST_SHUTDOWN_GRACE_MS: '500' } });
  await service.client.enqueue({ function: 'block', call: 'starmap', items: [['lock', 30]] });
  await until('the task holds the lock', async () => (await service.client.lock('lock')).body.state === 'locked');
  const { value, tookMs } = await timed(() => service.stop());
  expect(value).toEqual({ code: 0, signal: null });
  expect(tookMs).toBeLessThan(7_500);
});
