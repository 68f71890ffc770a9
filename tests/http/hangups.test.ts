// Hang-ups: a grant never goes to a connection that is known to be closed, and the engine hears of every one that was.

import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FastifyRequest } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Reply } from '../../src/state/replies.ts';
import { ask, held, serve, sharedEdge } from './edge.ts';
import { RawConnection } from './raw.ts';

const edge = sharedEdge();
const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const ACQUIRE = '/v1/locks/a/leases';
const GRANT: Extract<Reply, { kind: 'lease' }> = { kind: 'lease', grant: 'shared', view: { lease: held({ id: ID }), endsAt: 31_000 } };

/** Requests that wait, each with what the engine is asked. */
const WAITING = [
  ['an acquire', 'POST', ACQUIRE, '{"waitMs":60000}'],
  ['a ticket that is followed', 'GET', `/v1/leases/${ID}?waitMs=60000`, ''],
  ['a batch that is followed', 'GET', '/v1/batches/bat_AAAAAAAAAAAAAAAAAAAAAAAA?waitMs=60000', ''],
  ['a batch that is waited for', 'POST', '/v1/batches', '{"function":"f","items":[],"waitMs":60000}'],
] as const;

test.for(WAITING)('hanging up on %s is reported once', async ([, method, path, body]) => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  connection.request(method, path, body);
  await edge.engine.until('asked', 1);
  const request = edge.engine.latest;
  connection.hangUp();
  await edge.engine.until('report', 1);
  edge.engine.answer(request, GRANT);
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request }]);
});

test.for(WAITING)('%s lets go of what it came with while it waits', async ([, method, path, body]) => {
  edge.engine.script = () => undefined;
  const came = Promise.withResolvers<FastifyRequest>();
  const handled = (message: unknown): void => { if (isHandling(message)) came.resolve(message.request); };
  const { start } = tracingChannel('fastify.request.handler');
  start.subscribe(handled);
  onTestFinished(() => { start.unsubscribe(handled); });
  const connection = await RawConnection.open(edge.port);
  connection.request(method, path, body);
  await edge.engine.until('asked', 1);
  const { raw, headers, params, query, body: kept } = await came.promise;
  expect([raw.rawHeaders, headers, params, query, kept]).toEqual([[], {}, {}, {}, {}]);
  connection.hangUp();
  await edge.engine.until('report', 1);
});

/** What Fastify tells of a request whose handler begins. */
function isHandling(message: unknown): message is { readonly request: FastifyRequest } {
  return typeof message === 'object' && message !== null && 'request' in message;
}

test('hanging up on a batch in the very turn in which it was read is reported too', async () => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  edge.app.server.once('request', ({ socket }: IncomingMessage) => { setImmediate(() => { socket.destroy(); }); });
  connection.request('POST', '/v1/batches', '{"function":"f","items":[],"waitMs":60000}');
  await edge.engine.until('report', 1);
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request: edge.engine.latest }]);
});

/** Requests whose answers come with the next commit: a hang-up meanwhile is found when they are to be written. */
const AT_ONCE = [
  ['an acquire', 'POST', ACQUIRE, '{}'],
  ['a renewal', 'POST', `/v1/leases/${ID}/renew`, '{}'],
  ['a reading', 'GET', `/v1/leases/${ID}`, ''],
] as const;
const GRANTS = ['shared', 'sole'] as const;

test.for(AT_ONCE.flatMap((asked) => GRANTS.map((grant) => [grant, ...asked] as const)))('a %s grant to %s is not written to a closed connection, and reported', async ([grant, , method, path, body]) => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  const before = await openConnections();
  connection.request(method, path, body);
  await edge.engine.until('asked', 1);
  const request = edge.engine.latest;
  connection.hangUp();
  while ((await openConnections()) >= before) await delay(2);
  edge.engine.answer(request, { ...GRANT, grant });
  await edge.engine.until('report', 1);
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([grant === 'sole' ? { kind: 'uncarried', lease: ID } : { kind: 'hangUp', request }]);
});

test.for(GRANTS)('a %s grant whose answer stands behind another one is reported when their connection closes', async (grant) => {
  edge.engine.script = (asked) => (asked.kind === 'acquire' && asked.waitMs === 0 ? { ...GRANT, grant } : undefined);
  const connection = await RawConnection.open(edge.port);
  connection.request('POST', '/v1/locks/b/leases', '{"waitMs":60000}');
  connection.request('POST', ACQUIRE);
  await edge.engine.until('asked', 2);
  const [first, second] = [edge.engine.latest - 1, edge.engine.latest];
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([]);
  connection.hangUp();
  await edge.engine.until('report', 2);
  const said = grant === 'sole' ? { kind: 'uncarried', lease: ID } : { kind: 'hangUp', request: second };
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request: first }, said]);
});

test('a grant that was over before it could be written is reported, though its connection closes before that is answered', async () => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  const before = await openConnections();
  connection.request('POST', ACQUIRE);
  await edge.engine.until('asked', 1);
  const request = edge.engine.latest;
  edge.engine.answer(request, { ...GRANT, view: { ...GRANT.view, endsAt: edge.engine.now } });
  await edge.engine.until('asked', 2);
  connection.hangUp();
  while ((await openConnections()) >= before) await delay(2);
  edge.engine.answer(request + 1, { kind: 'refused', refusal: { code: 'lease_lost', reason: 'expired' } });
  await edge.engine.until('report', 2);
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request }, { kind: 'hangUp', request: request + 1 }]);
});

test('a grant that no other answer can carry is not reported when it was written', async () => {
  edge.engine.script = () => ({ ...GRANT, grant: 'sole' });
  expect((await ask(edge, 'POST', ACQUIRE)).status).toBe(201);
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([]);
});

function openConnections(): Promise<number> {
  return promisify(edge.app.server.getConnections.bind(edge.app.server))();
}

test('a client that only stops sending has hung up too', async () => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  connection.request('POST', ACQUIRE, '{"waitMs":60000}');
  await edge.engine.until('asked', 1);
  connection.socket.end();
  await edge.engine.until('report', 1);
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request: edge.engine.latest }]);
});

test('a grant that comes when the connection is closed is not written and not carried', async () => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  connection.request('POST', ACQUIRE, '{"waitMs":60000}');
  await edge.engine.until('asked', 1);
  const request = edge.engine.latest;
  const gone = edge.engine.until('report', 1);
  connection.hangUp();
  await gone;
  edge.engine.answer(request, GRANT);
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request }]);
  expect(edge.counted).toContainEqual({ route: '/v1/locks/:lock/leases', method: 'POST', status: 499 });
});

test('a client that goes away before its request is whole is counted as one that hung up', async (context) => {
  const own = await serve(context);
  const connection = await RawConnection.open(own.port);
  const reached = once(own.app.server, 'request');
  connection.send('POST /v1/locks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  await reached;
  connection.hangUp();
  while (own.counted.length === 0) await delay(2);
  expect(own.counted).toEqual([{ route: '/v1/locks', method: 'POST', status: 499 }]);
});

test('an answer that was written is no hang-up, whenever the connection closes', async () => {
  edge.engine.script = () => GRANT;
  const connection = await RawConnection.open(edge.port);
  connection.request('POST', ACQUIRE);
  await connection.until(ID);
  connection.hangUp();
  await connection.closed();
  await ask(edge, 'GET', '/health/live');
  expect(edge.engine.reports).toEqual([{ kind: 'carried', request: edge.engine.latest }]);
});

test('a connection that is used again is watched anew for each request', async () => {
  const connection = await RawConnection.open(edge.port);
  edge.engine.script = () => GRANT;
  connection.request('POST', ACQUIRE);
  await connection.until(ID);
  edge.engine.script = () => undefined;
  connection.request('POST', ACQUIRE, '{"waitMs":60000}');
  await edge.engine.until('asked', 2);
  connection.hangUp();
  await edge.engine.until('report', 2);
  expect(edge.engine.reports).toEqual([{ kind: 'carried', request: edge.engine.latest - 1 }, { kind: 'hangUp', request: edge.engine.latest }]);
});

test('a request that was sent behind another one leaves with their connection', async () => {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  connection.request('POST', ACQUIRE, '{"waitMs":60000}');
  connection.request('POST', '/v1/locks/b/leases', '{"waitMs":60000}');
  await edge.engine.until('asked', 2);
  connection.hangUp();
  await edge.engine.until('report', 2);
  expect(edge.engine.reports.map((report) => report.kind)).toEqual(['hangUp', 'hangUp']);
});

describe('a stop', () => {
  test('answers what waits and closes its connection at once', async () => {
    edge.engine.script = () => undefined;
    const connection = await RawConnection.open(edge.port);
    connection.request('POST', ACQUIRE, '{"waitMs":60000}');
    await edge.engine.until('asked', 1);
    const closed = edge.app.close();
    edge.engine.answer(edge.engine.latest, { kind: 'refused', refusal: { code: 'shutting_down' } });
    const began = performance.now();
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 503 [\s\S]*"code":"shutting_down"/u);
    await closed;
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
