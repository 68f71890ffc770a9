// Batches over kills: nothing acknowledged is lost, nothing finished runs again, and no task can keep the service down.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, startService, type Service } from '../harness.ts';
import { pass, timed, until } from '../until.ts';
import type { Batch, Result } from '../contract.ts';

function noted(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** Starts the service again whenever it ends, until the batch has ended. Returns how often it had to. */
async function restartUntilEnded(service: Service, id: string): Promise<{ readonly restarts: number; readonly batch: Batch; readonly results: readonly Result[] }> {
  for (let restarts = 0; restarts < 12; restarts += 1) {
    try {
      return { restarts, ...await service.client.ended(id, 30_000) };
    } catch {
      await service.child.exited;
      while (await service.tryStart() === undefined) restarts += 1;
    }
  }
  throw new Error('the batch keeps the service down');
}

test.concurrent('after a kill finished items keep their results and the others run again with the next attempt', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const directory = freshDirectory(context);
  const [noteIn, gate] = [path.join(directory, 'notes'), path.join(directory, 'open')];
  const { id } = await service.client.enqueue({ function: 'gate', items: [{ noteIn }, { noteIn, until: gate }, { noteIn }], chunkSize: 3 }, { 'idempotency-key': 'the batch' });
  const first = await until('the first item is done and the second runs', async () => {
    const { body } = await service.client.results(id);
    return body.results[0]?.state === 'succeeded' && (await noted(noteIn)).includes('1:1') ? body.results[0] : undefined;
  });
  const after = await service.killAndRestart();
  expect((await after.results(id)).body.results[0]).toEqual(first);
  await writeFile(gate, '');
  const { batch, results } = await after.ended(id);
  expect(batch).toMatchObject({ state: 'succeeded', counts: { total: 3, succeeded: 3 } });
  expect(results.map(({ value, attempt }) => [value, attempt])).toEqual([[1, 1], [2, 2], [2, 2]]);
  expect((await noted(noteIn)).trim().split('\n')).toEqual(['0:1', '1:1', '1:2', '2:2']);
  const retried = await after.submit({ function: 'gate', items: [{ noteIn }, { noteIn, until: gate }, { noteIn }], chunkSize: 3 }, { 'idempotency-key': 'the batch' });
  expect([retried.status, retried.body.id]).toEqual([202, id]);
});

test.concurrent('every accepted batch ends with all its results, over several kills at any moment', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const accepted: { readonly id: string; readonly count: number }[] = [];
  for (let round = 0; round < 4; round += 1) {
    for (const count of [1, 7, 30]) {
      accepted.push({ id: (await service.client.enqueue({ function: 'sleep', items: Array.from({ length: count }, (_, n) => (n % 5) * 4) })).id, count });
    }
    await pass(round * 40);
    await service.killAndRestart();
  }
  for (const { id, count } of accepted) {
    const { batch, results } = await service.client.ended(id, 60_000);
    expect(batch).toMatchObject({ state: 'succeeded', counts: { total: count, succeeded: count } });
    expect(results.map(({ value }) => value)).toEqual(Array.from({ length: count }, (_, n) => (n % 5) * 4));
  }
});

test.concurrent('the lock of a task that died with the process goes to who is next', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await service.client.enqueue({ function: 'holdThen', call: 'starmap', items: [['lock', { noteIn, next: 'wait' }]] });
  await until('the task holds the lock', () => noted(noteIn));
  const ticket = await service.client.ticket('lock');
  const after = await service.killAndRestart();
  const { value, tookMs } = await timed(() => after.lease(ticket.body.id, 10_000));
  expect(value.body.state).toBe('held');
  expect(tookMs).toBeLessThan(3_000);
  await after.waitersReach('lock', 1);
  await after.release(ticket.body.id);
  const tokens = await until('the task holds the lock again', async () => {
    const lines = (await noted(noteIn)).trim().split('\n').map(Number);
    return lines.length === 2 ? lines : undefined;
  });
  expect(tokens[1]).toBeGreaterThan(value.body.fencingToken);
  await after.cancel(id);
});

test.concurrent('a task that kills the process runs three times at most, then it is lost and the innocent have succeeded', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await service.client.enqueue({
    function: 'misbehave', chunkSize: 4, items: [{ do: 'nothing', value: 1 }, { do: 'nothing', value: 2 }, { do: 'killProcess', noteIn }, { do: 'nothing', value: 4 }, { do: 'nothing', value: 5 }],
  });
  const innocent = await service.client.enqueue({ function: 'echo', items: [1, 2, 3] }).catch(() => undefined);
  const { batch, results } = await restartUntilEnded(service, id);
  expect(results.map(({ state, error }) => error?.kind ?? state)).toEqual(['succeeded', 'succeeded', 'worker_lost', 'succeeded', 'succeeded']);
  expect(batch).toMatchObject({ state: 'failed', counts: { succeeded: 4, failed: 1 }, error: { kind: 'worker_lost' } });
  const runs = (await noted(noteIn)).trim().split('\n');
  expect(runs.length).toBeLessThanOrEqual(3);
  expect(runs).toEqual(['killProcess:1', 'killProcess:2', 'killProcess:3'].slice(0, runs.length));
  if (innocent !== undefined) await service.client.ended(innocent.id);
  expect((await service.client.acquire('lock')).status).toBe(201);
});

test.concurrent('an initializer that kills the process fails its batch after three times at most', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const noteIn = path.join(freshDirectory(context), 'notes');
  const { id } = await service.client.enqueue({ function: 'echo', items: [1, 2], initializer: { function: 'misbehaveAtSetup', args: [{ do: 'killProcess', noteIn }] } });
  const { batch } = await restartUntilEnded(service, id);
  expect([batch.state, batch.error.kind, batch.counts.failed]).toEqual(['failed', 'initializer', 2]);
  expect((await noted(noteIn)).trim().split('\n').length).toBeLessThanOrEqual(4);
});

test.concurrent('locks are served while what brought the process down is run again', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const lease = await service.client.hold('lock', { ttlMs: 60_000 });
  const { id } = await service.client.enqueue({ function: 'misbehave', items: [{ do: 'killProcess' }] });
  await restartUntilEnded(service, id);
  const renewed = await service.client.renew(lease.id);
  expect([renewed.status, renewed.body.fencingToken]).toEqual([200, lease.fencingToken]);
});
