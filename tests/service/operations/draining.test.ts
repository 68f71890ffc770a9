// An orderly stop: nothing new is taken, what is held is served, and nothing is lost.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, prepareService, type Finishing, type Service } from '../harness.ts';
import { keyed, lockPath } from '../client.ts';
import { timed, until } from '../until.ts';

const GRACE_MS = 2_000;

async function startWithGrace(context: Finishing, graceMs = GRACE_MS): Promise<Service> {
  const service = prepareService(context);
  await service.start({ HOLDFAST_SHUTDOWN_GRACE_MS: `${graceMs}` });
  return service;
}

/** The process ends as one that was asked to; what it wrote says why if it does not. */
async function endsWell(service: Service): Promise<void> {
  const { code, signal } = await service.child.exited;
  if (code !== 0) throw new Error(`the service ended with ${code ?? signal}:\n${service.output}`);
}

/** Sends the signal and waits until the service says that it is not ready. */
async function beginToStop(service: Service): Promise<void> {
  service.child.signal('SIGTERM');
  await until('the service is not ready', async () => (await service.client.ask('GET', '/health/ready')).status === 503);
}

test.concurrent('a service that stops takes nothing new and serves what is held, then ends well', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context, 3_000);
  const { client } = service;
  const lease = await client.hold('held', { ttlMs: 60_000 });
  const other = await client.hold('other', { ttlMs: 60_000 });
  await beginToStop(service);
  const refused = [await client.acquire('new'), await client.acquire('held', { waitMs: 5_000 }), await client.submit({ function: 'echo', items: [1] }), await client.declare({ name: 'new' }), await client.ask('PUT', lockPath('new'), { json: {} })];
  for (const { status, headers, body } of refused) {
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(body.code).toMatch(/^[a-z_]+$/u);
  }
  expect((await client.renew(lease.id)).status).toBe(200);
  expect((await client.lease(lease.id)).body.state).toBe('held');
  expect((await client.lock('held')).body.state).toBe('locked');
  expect((await client.release(other.id)).status).toBe(204);
  expect((await client.ask('GET', '/health/live')).status).toBe(200);
  const { tookMs } = await timed(() => endsWell(service));
  expect(tookMs).toBeLessThan(3_000 + 5_000);
  const after = await service.start();
  expect((await after.lease(lease.id)).body.state).toBe('held');
  expect((await after.lease(other.id)).body.state).toBe('released');
});

test.concurrent('waiters are sent away with a time to come back, one with a key finds its place after the start', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context);
  const { client } = service;
  const holder = await client.hold('lock', { ttlMs: 60_000 });
  const waiting = client.queue('lock', { owner: 'with a key' }, keyed('kept'));
  await client.waitersReach('lock', 1);
  const ticket = await client.ticket('lock', { owner: 'ticket' });
  const without = client.queue('lock', { owner: 'without' });
  await client.waitersReach('lock', 3);
  service.child.signal('SIGTERM');
  for (const { answer } of [waiting, without]) {
    const { status, headers } = await answer;
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  await endsWell(service);
  const after = await service.start();
  const back = after.queue('lock', { owner: 'with a key' }, keyed('kept'));
  expect((await after.waiters('lock')).body.waiters.map(({ owner }) => owner)).toEqual(['with a key', 'ticket']);
  await after.release(holder.id);
  const granted = await back.answer;
  expect([granted.status, granted.body.owner]).toEqual([201, 'with a key']);
  await after.release(granted.body.id);
  expect((await after.lease(ticket.body.id, 5_000)).body.state).toBe('held');
});

test.concurrent('hundreds of waiters are all sent away in time', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context);
  await service.client.hold('lock', { ttlMs: 60_000 });
  const waiters = Array.from({ length: 500 }, () => service.client.acquire('lock', { waitMs: 120_000 }));
  await service.client.waitersReach('lock', 500, 40_000);
  service.child.signal('SIGTERM');
  const statuses = (await Promise.all(waiters)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([503]));
  await endsWell(service);
});

test.concurrent('a second signal changes nothing', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context);
  const { id } = await service.client.hold('lock', { ttlMs: 60_000 });
  await beginToStop(service);
  service.child.signal('SIGTERM');
  service.child.signal('SIGINT');
  expect((await service.client.renew(id)).status).toBe(200);
  await endsWell(service);
});

test.concurrent('an idle service ends soon', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context, 10_000);
  await service.client.functions();
  const { value, tookMs } = await timed(() => service.stop());
  expect(value.code).toBe(0);
  expect(tookMs).toBeLessThan(9_000);
});

test.concurrent('what still runs when the grace is over is put back with its attempt uncounted', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context, 500);
  const directory = freshDirectory(context);
  const [noteIn, gate] = [path.join(directory, 'notes'), path.join(directory, 'never')];
  const notes = (): Promise<string> => readFile(noteIn, 'utf8').catch(() => '');
  const { id } = await service.client.enqueue({ function: 'gate', items: [{ noteIn }, { noteIn, until: gate }], chunkSize: 2 });
  await until('the second item runs', async () => (await notes()).includes('1:1'));
  const { value, tookMs } = await timed(() => service.stop());
  expect(value.code).toBe(0);
  expect(tookMs).toBeLessThan(5_500);
  const after = await service.start();
  await until('the second item runs again', async () => (await notes()).trim().split('\n').length === 3);
  expect((await notes()).trim().split('\n')).toEqual(['0:1', '1:1', '1:1']);
  await after.cancel(id);
});

test.concurrent('a task that can end within the grace does, with its locks', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context, 6_000);
  const place = path.join(freshDirectory(context), 'inside');
  const items = Array.from({ length: 4 }, () => ['lock', place]);
  const holder = await service.client.hold('lock', { ttlMs: 60_000 });
  const { id } = await service.client.enqueue({ function: 'byName', call: 'starmap', items, chunkSize: 4 });
  await service.client.waitersReach('lock', 1);
  await beginToStop(service);
  await service.client.release(holder.id);
  await until('the first task has ended', async () => (await service.client.results(id)).body.results[0]?.state === 'succeeded');
  await service.child.exited;
  const after = await service.start();
  const { batch, results } = await after.ended(id);
  expect(batch.state).toBe('succeeded');
  expect(results.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
});

test.concurrent('somebody who waits for a batch is answered before the service ends', { timeout: 120_000 }, async (context) => {
  const service = await startWithGrace(context, 500);
  const gate = path.join(freshDirectory(context), 'never');
  const { id } = await service.client.enqueue({ function: 'gate', items: [{ until: gate }] });
  const waiting = service.client.http.open('GET', `/v1/batches/${id}?waitMs=60000`);
  const follower = await service.client.ticket('lock');
  service.child.signal('SIGTERM');
  expect([200, 202, 503]).toContain((await waiting.answer).status);
  expect(follower.status).toBe(201);
  await endsWell(service);
});
