// A service that starts again under other circumstances: other functions, other workers, broken ones, a taken port.

import { mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, FUNCTIONS_DIR, prepareService, startService } from '../harness.ts';
import { timed, until } from '../until.ts';

test.concurrent('a queued batch whose function is gone after a restart fails and does not hang', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const gate = path.join(freshDirectory(context), 'never');
  const running = await service.client.enqueue({ function: 'gate', items: [{ until: gate }, { until: gate }], chunkSize: 1 });
  await until('both workers are busy', async () => (await service.client.batch(running.id)).body.counts.running === 2);
  const queued = await service.client.enqueue({ function: 'recall', items: [1, 2], initializer: { function: 'remember', args: [1] } });
  await service.kill();
  const other = freshDirectory(context);
  await writeFile(path.join(other, 'only.ts'), 'export function only(): number { return 1; }\n');
  const after = await service.start({ HOLDFAST_FUNCTIONS_DIR: other });
  for (const { id } of [running, queued]) {
    const { batch } = await after.ended(id, 30_000);
    expect([batch.state, batch.counts.failed]).toEqual(['failed', 2]);
    expect(batch.error.message).toMatch(/\S/u);
  }
  expect((await after.run({ function: 'only', items: [1] })).batch.state).toBe('succeeded');
});

test.concurrent('a batch goes on with another number of workers', { timeout: 120_000 }, async (context) => {
  const service = await startService(context, { environment: { HOLDFAST_WORKERS: '4' } });
  const { id } = await service.client.enqueue({ function: 'sleep', items: Array.from({ length: 40 }, () => 30), chunkSize: 2 });
  await service.kill();
  const after = await service.start({ HOLDFAST_WORKERS: '1' });
  expect((await after.ended(id, 30_000)).batch).toMatchObject({ state: 'succeeded', chunkSize: 2 });
});

test.for([
  ['spins', 'for (;;) Math.sqrt(2);\n'], ['exits', 'process.exit(0);\n'], ['never settles', 'await new Promise(() => undefined);\n'],
] as const)('a module that %s while it is loaded leaves the locks served, and readiness says what is wrong', { timeout: 120_000 }, async ([, source], context) => {
  const directory = freshDirectory(context);
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'bad.ts'), `${source}export function bad(): void {}\n`);
  const service = prepareService(context);
  const { value: client, tookMs } = await timed(() => service.start({ HOLDFAST_FUNCTIONS_DIR: directory }));
  expect(tookMs).toBeLessThan(15_000);
  expect((await client.acquire('lock')).status).toBe(201);
  const ready = await client.ask('GET', '/health/ready');
  expect(ready.status).toBe(200);
  const submitted = await client.submit({ function: 'bad', items: [1] });
  expect(submitted.status).toBeGreaterThanOrEqual(400);
  const { value: exit } = await timed(() => service.stop());
  expect(exit.code).toBe(0);
});

test.concurrent('a port that is taken ends the start with its number', { timeout: 120_000 }, async (context) => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  context.onTestFinished(() => { taken.close(); return Promise.resolve(); });
  const address = taken.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const child = prepareService(context).spawn({ HOLDFAST_PORT: `${port}` });
  expect((await child.exited).code).toBeGreaterThan(0);
  expect(child.output).toContain(`${port}`);
});

test.concurrent('a signal during the start ends the process in order', { timeout: 120_000 }, async (context) => {
  const service = prepareService(context);
  const child = service.spawn({ HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR });
  await until('it has begun to start', () => child.output.length > 0 || child.ended, 300).catch(() => undefined);
  child.signal('SIGTERM');
  const { code, signal } = await child.exited;
  expect([[0, null], [null, 'SIGTERM']]).toContainEqual([code, signal]);
  expect((await (await service.start()).acquire('lock')).status).toBe(201);
});

test.concurrent('an idle connection does not keep a stopping service, nor does one that says nothing', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const { port } = new URL(service.client.http.origin);
  const silent = connect(Number(port), '127.0.0.1');
  const partial = connect(Number(port), '127.0.0.1', () => { partial.write('POST /v1/locks/a/leases HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 10\r\n\r\n{'); });
  for (const socket of [silent, partial]) socket.on('error', () => undefined);
  await service.client.functions();
  service.child.signal('SIGTERM');
  const { value, tookMs } = await timed(() => service.child.exited);
  expect(value).toEqual({ code: 0, signal: null });
  expect(tookMs).toBeLessThan(15_000);
  silent.destroy();
  partial.destroy();
});

test.concurrent('a kill while the service stops loses nothing', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const lease = await service.client.hold('lock', { ttlMs: 60_000 });
  const { id } = await service.client.enqueue({ function: 'sleep', items: Array.from({ length: 20 }, () => 50), chunkSize: 1 });
  service.child.signal('SIGTERM');
  await until('the service is not ready', async () => (await service.client.ask('GET', '/health/ready')).status === 503);
  const after = await service.killAndRestart();
  expect((await after.renew(lease.id)).status).toBe(200);
  expect((await after.ended(id, 30_000)).batch).toMatchObject({ state: 'succeeded', counts: { succeeded: 20 } });
});
