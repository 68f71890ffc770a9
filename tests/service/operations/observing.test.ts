// What an operator sees: health, metrics, the specification and its pages.

import { expect, test } from 'vitest';
import { freshName, sharedService, startService } from '../harness.ts';
import { metric, sample } from '../metrics.ts';
import { until } from '../until.ts';

const service = sharedService();

test.for(['/health/live', '/health/ready'])('%s is well', async (path) => {
  expect((await service.client.ask('GET', path)).status).toBe(200);
});

test('the waiting holders of a declared lock are counted under its name', async () => {
  const { client } = service;
  const lock = freshName('declared');
  await client.declare({ name: lock });
  await client.hold(lock);
  const waiters = [client.queue(lock), client.queue(lock), client.queue(lock)];
  await client.waitersReach(lock, 3);
  await until('three wait', async () => await metric(client, 'holdfast_lock_waiters', { lock }) === 3);
  expect(await metric(client, 'holdfast_lock_holders', { lock })).toBe(1);
  await Promise.all(waiters.map((waiter) => waiter.hangUp()));
  await until('nobody waits', async () => await metric(client, 'holdfast_lock_waiters', { lock }) === 0);
});

test('the waiting holders of all other locks are counted together', async () => {
  const { client } = service;
  const before = await metric(client, 'holdfast_lock_waiters', { lock: '' }) ?? 0;
  const locks = [freshName(), freshName()];
  await Promise.all(locks.map((lock) => client.hold(lock)));
  const waiters = locks.map((lock) => client.queue(lock));
  await Promise.all(locks.map((lock) => client.waitersReach(lock, 1)));
  await until('both are counted', async () => await metric(client, 'holdfast_lock_waiters', { lock: '' }) === before + 2);
  const { text } = await client.ask('GET', '/metrics');
  for (const lock of locks) expect(text).not.toContain(lock);
  await Promise.all(waiters.map((waiter) => waiter.hangUp()));
});

test('at most 1,000 declared locks have a label of their own, and no waiter is lost from the count', { timeout: 60_000 }, async (context) => {
  const { client } = await startService(context);
  const locks = Array.from({ length: 1_010 }, (_, number) => `many-${number}`);
  for (let from = 0; from < locks.length; from += 100) await Promise.all(locks.slice(from, from + 100).map((name) => client.declare({ name })));
  const some = locks.filter((_, index) => index % 101 === 0);
  await Promise.all(some.map((lock) => client.hold(lock)));
  const waiters = some.map((lock) => client.queue(lock));
  await Promise.all(some.map((lock) => client.waitersReach(lock, 1)));
  const { text } = await client.ask('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith('holdfast_lock_waiters{'));
  expect(lines.length).toBeLessThanOrEqual(1_001);
  expect(lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)).toBe(some.length);
  await Promise.all(waiters.map((waiter) => waiter.hangUp()));
});

test('grants, ends and refusals are counted', async () => {
  const { client } = service;
  const read = async (): Promise<(number | undefined)[]> => {
    const { text } = await client.ask('GET', '/metrics');
    return [sample(text, 'holdfast_lock_grants_total'), sample(text, 'holdfast_lease_ends_total', { reason: 'released' }), sample(text, 'holdfast_lock_refusals_total', { code: 'lock_held' })].map((value) => value ?? 0);
  };
  const before = await read();
  const lock = freshName();
  const { id } = await client.hold(lock);
  await client.acquire(lock);
  await client.release(id);
  const after = await read();
  expect(after.map((value, index) => Number(value) - Number(before[index]))).toEqual([1, 1, 1]);
});

test('tasks are counted by function and outcome, and unread errors until somebody reads them', async () => {
  const { client } = service;
  const before = await metric(client, 'holdfast_batch_errors_unread') ?? 0;
  const { id } = await client.enqueue({ function: 'misbehave', items: [{ do: 'nothing' }, { do: 'throwError', value: 'x' }] });
  await until('the failure is counted', async () => await metric(client, 'holdfast_batch_errors_unread') === before + 1);
  // Gauges are read from the state; what is counted is counted when it has become visible, a commit later.
  await until('both tasks are counted', async () => {
    const { text } = await client.ask('GET', '/metrics');
    return ['succeeded', 'error'].every((outcome) => (sample(text, 'holdfast_tasks_total', { function: 'misbehave', outcome }) ?? 0) >= 1);
  });
  expect((await client.results(id)).body.results.map(({ state }) => state)).toEqual(['succeeded', 'failed']);
  await until('it has been read', async () => await metric(client, 'holdfast_batch_errors_unread') === before);
});

test.for([
  'holdfast_lock_waiters', 'holdfast_lock_holders', 'holdfast_lock_grants_total', 'holdfast_lock_wait_seconds', 'holdfast_lock_hold_seconds', 'holdfast_lock_handoff_seconds',
  'holdfast_lock_refusals_total', 'holdfast_lease_ends_total', 'holdfast_batches', 'holdfast_tasks_total', 'holdfast_task_seconds', 'holdfast_task_queue_seconds',
  'holdfast_pool_workers', 'holdfast_batch_errors_unread', 'holdfast_webhook_deliveries_total', 'holdfast_webhook_deliveries_pending', 'holdfast_journal_commit_seconds', 'holdfast_journal_commit_inputs',
])('/metrics offers %s with a type and a help', async (name) => {
  const { status, headers, text } = await service.client.ask('GET', '/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain|^application\/openmetrics-text/u);
  expect(text).toMatch(new RegExp(`^# TYPE ${name} (gauge|counter|histogram|summary)$`, 'mu'));
  expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'mu'));
});

test('the metrics count requests by the template of their route', async () => {
  const { client } = service;
  const lock = freshName();
  const { id } = await client.hold(lock);
  await client.lease(id);
  const { text } = await client.ask('GET', '/metrics');
  expect(text).toMatch(/\/v1\/leases\/[:{]/u);
  expect(text).not.toContain(id);
  expect(text).not.toContain(lock);
});

interface Specification {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string; readonly summary?: string; readonly responses: Readonly<Record<string, unknown>> }>>>>;
}

test('the specification is OpenAPI 3.0.3, and every operation of the contract has an id and a summary', async () => {
  const { body, status } = await service.client.ask<Specification>('GET', '/openapi.json');
  expect(status).toBe(200);
  expect(body.openapi).toBe('3.0.3');
  const operations = Object.values(body.paths).flatMap((path) => Object.values(path));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(operations.length);
  for (const operation of operations) expect([operation.operationId, operation.summary]).toEqual([expect.stringMatching(/^[a-z]\w+$/u), expect.stringMatching(/\S/u)]);
  expect(Object.keys(body.paths)).toEqual(expect.arrayContaining([
    '/v1/locks', '/v1/locks/{lock}', '/v1/locks/{lock}/waiters', '/v1/locks/{lock}/revoke', '/v1/locks/{lock}/leases', '/v1/leases/{lease}', '/v1/leases/{lease}/renew',
    '/v1/functions', '/v1/functions/{function}', '/v1/batches', '/v1/batches/{batch}', '/v1/batches/{batch}/results', '/v1/batches/{batch}/cancel', '/health/live', '/health/ready', '/metrics',
  ]));
});

test('the pages of the specification are served', async () => {
  const { client } = service;
  const first = await client.ask('GET', '/docs');
  const page = first.status >= 300 && first.status < 400 ? await client.ask('GET', new URL(first.headers['location'] ?? '', `${client.http.origin}/docs`).pathname) : first;
  expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
});

test('the logs of a busy service name no lease, no metadata and no owner\'s path', async () => {
  const { client } = service;
  const lock = freshName();
  const { id } = await client.hold(lock, { metadata: { secret: 'metadata-of-the-test' } });
  await client.renew(id);
  await client.lease(id);
  await client.ask('POST', `/v1/leases/${id}/renew`, { raw: '{' });
  await client.ask('PATCH', `/v1/leases/${id}`, { json: {} });
  await client.ask('GET', `/v1/leases/${id}?waitMs=x`);
  await client.submit({ function: 'echo', items: [id] });
  await client.run({ function: 'misbehave', items: [{ do: 'throwError', value: 'payload-of-the-test' }] });
  await client.release(id);
  await client.release(id);
  for (const secret of [id, 'metadata-of-the-test', 'payload-of-the-test']) expect(service.output).not.toContain(secret);
});
