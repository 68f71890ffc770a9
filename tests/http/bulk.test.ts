// Bulk over HTTP: what the route asks of the engine, and how its replies are written.

import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BULK_BODY_BYTES_MAX, BULK_OPERATIONS_MAX } from '../../src/limits.ts';
import type { Grant, Reply } from '../../src/state/replies.ts';
import type { HeldLease } from '../../src/state/rows.ts';
import { ask, held, refused, serve, sharedEdge, WALL, type Answer, type Asked } from './edge.ts';
import { RawConnection } from './raw.ts';

const edge = sharedEdge();
const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const TOKEN = 'a-token-of-the-tests';

function grant(row: Partial<HeldLease> = {}, given: Grant | undefined = 'sole', endsAt = 31_000): Reply {
  return { kind: 'lease', grant: given, view: { lease: held({ id: ID, ...row }), endsAt } };
}

/** Grants every acquire under the id that it brought. */
function grantAll(asked: Asked): Reply {
  return asked.kind === 'acquire' ? grant({ id: asked.lease, lock: asked.lock }) : { kind: 'done' };
}

function bulk(operations: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(edge, 'POST', '/v1/bulk', { operations }, headers);
}

function openConnections(): Promise<number> {
  return promisify(edge.app.server.getConnections.bind(edge.app.server))();
}

/** What was asked, less the id that is drawn anew each time. */
function unminted(asked: Asked): Asked {
  return asked.kind === 'acquire' ? { ...asked, lease: '' } : asked;
}

function acquires(count: number, more: object = {}): object[] {
  return Array.from({ length: count }, (_, n) => ({ op: 'acquire', lock: `lock-${n}`, ...more }));
}

/** Sends two acquires, the second with a key, and hangs up when they were asked. */
async function hangUp(): Promise<number> {
  edge.engine.script = () => undefined;
  const connection = await RawConnection.open(edge.port);
  const before = await openConnections();
  connection.request('POST', '/v1/bulk', '{"operations":[{"op":"acquire","lock":"a"},{"op":"acquire","lock":"b","idempotencyKey":"k"},{"op":"release","lease":"x"}]}');
  await edge.engine.until('asked', 3);
  connection.hangUp();
  while ((await openConnections()) >= before) await delay(2);
  return edge.engine.latest - 2;
}

describe('a bulk', () => {
  test('asks what the own routes of its operations ask, in their order', async () => {
    edge.engine.script = grantAll;
    await bulk([
      { op: 'acquire', lock: 'orders/42', owner: 'me', ttlMs: 5_000, metadata: { a: [null] } },
      { op: 'renew', lease: ID, ttlMs: 7_000 }, { op: 'renew', lease: ID }, { op: 'release', lease: ID }, { op: 'acquire', lock: 'b' },
    ]);
    const asked = edge.engine.asked.splice(0);
    expect(edge.engine.hastened).toEqual([]);
    await ask(edge, 'POST', '/v1/locks/orders%2F42/leases', { owner: 'me', ttlMs: 5_000, metadata: { a: [null] } });
    await ask(edge, 'POST', `/v1/leases/${ID}/renew`, { ttlMs: 7_000 });
    await ask(edge, 'POST', `/v1/leases/${ID}/renew`);
    await ask(edge, 'DELETE', `/v1/leases/${ID}`);
    await ask(edge, 'POST', '/v1/locks/b/leases');
    expect(asked.map(unminted)).toEqual(edge.engine.asked.map(unminted));
    expect(asked[0]).toMatchObject({ kind: 'acquire', lease: expect.stringMatching(/^lse_[A-Za-z0-9_-]{24}$/u), waitMs: 0, ticket: false });
  });

  test('is answered with the status and the body of each operation, in their order', async () => {
    const holder = { lease: held({ fencingToken: 33, owner: 'other' }), endsAt: 9_000 };
    const replies: Reply[] = [
      grant({ lock: 'a', owner: 'me', fencingToken: 34, metadata: { job: 1 } }), grant({ lock: 'b', fencingToken: 5 }, undefined), { kind: 'done' },
      refused({ code: 'lock_held', lock: { name: 'c', holder, waiters: 2 }, retryAfterMs: 1_200 }), refused({ code: 'lease_lost', reason: 'expired' }),
    ];
    edge.engine.script = () => replies.shift();
    const { status, headers, body } = await bulk([
      { op: 'acquire', lock: 'a' }, { op: 'renew', lease: ID }, { op: 'release', lease: ID }, { op: 'acquire', lock: 'c' }, { op: 'release', lease: ID },
    ]);
    expect([status, headers['cache-control'], headers['content-type']]).toEqual([200, 'no-store', 'application/json; charset=utf-8']);
    const lease = { id: ID, state: 'held', ttlMs: 30_000, grantedAt: '2026-11-23T08:30:00.000Z', expiresAt: '2026-11-23T08:30:31.000Z', expiresInMs: 30_000, elapsedMs: expect.any(Number), renewAfterMs: 10_000, waitedMs: 0 };
    const problem = { instance: expect.stringMatching(/^urn:uuid:/u), title: expect.any(String), detail: expect.any(String) };
    expect(body['results']).toEqual([
      { status: 201, body: { ...lease, locks: [{ name: 'a', mode: 'exclusive', permits: 1 }], owner: 'me', fencingToken: 34, metadata: { job: 1 } } },
      { status: 200, body: { ...lease, locks: [{ name: 'b', mode: 'exclusive', permits: 1 }], fencingToken: 5 } },
      { status: 204 },
      {
        status: 423,
        body: {
          ...problem, type: '/problems/lock_held', status: 423, code: 'lock_held', waiters: 2, retryAfterMs: 1_200,
          holders: [{ owner: 'other', fencingToken: 33, grantedAt: new Date(WALL).toISOString(), expiresAt: new Date(WALL + 9_000).toISOString() }],
        },
      },
      { status: 410, body: { ...problem, type: '/problems/lease_lost', status: 410, code: 'lease_lost', reason: 'expired' } },
    ]);
    expect(edge.counted.at(-1)).toEqual({ route: '/v1/bulk', method: 'POST', status: 200 });
  });

  test('is answered when the last of its operations is, and its leases count from one moment', async () => {
    edge.engine.script = () => undefined;
    const answer = bulk(acquires(3));
    await edge.engine.until('asked', 3);
    const last = edge.engine.latest;
    edge.engine.answer(last, grant());
    edge.engine.answer(last - 2, grant());
    edge.engine.now = 2_500;
    edge.engine.answer(last - 1, grant());
    const results: { body: { expiresInMs: number; elapsedMs: number } }[] = Object((await answer).body['results']);
    expect(results.map(({ body }) => body.expiresInMs)).toEqual([28_500, 28_500, 28_500]);
    expect(new Set(results.map(({ body }) => body.elapsedMs)).size).toBe(1);
  });

  test('of no operations is answered with no results', async () => {
    expect((await bulk([])).body).toEqual({ results: [] });
  });

  test(`takes ${BULK_OPERATIONS_MAX} operations, and none where there is one more`, async () => {
    edge.engine.script = grantAll;
    const most = await bulk(acquires(BULK_OPERATIONS_MAX));
    expect([most.status, edge.engine.asked.length]).toEqual([200, BULK_OPERATIONS_MAX]);
    expect(Object(most.body['results']).map(({ body }: { body: { locks: [{ name: string }] } }) => body.locks[0].name)).toEqual(acquires(BULK_OPERATIONS_MAX).map((_, n) => `lock-${n}`));
    edge.engine.asked.length = 0;
    const { status, body } = await bulk(acquires(BULK_OPERATIONS_MAX + 1));
    expect([status, body['code'], body['pointer'], edge.engine.asked]).toEqual([400, 'invalid_request', '/operations', []]);
    expect(body['detail']).toBe(`The member /operations may have ${BULK_OPERATIONS_MAX} items at most.`);
  });

  test('takes all that so many operations may have, and no more bytes than its bound', async () => {
    edge.engine.script = grantAll;
    const text = '\u20ac'.repeat(1_360);
    const full = { owner: '\u20ac'.repeat(256), metadata: { text }, ttlMs: 86_400_000 };
    const operations = acquires(BULK_OPERATIONS_MAX, full).map((each, n) => ({ ...each, lock: String(n).padStart(256, 'x'), idempotencyKey: String(n).padStart(255, 'k') }));
    expect((await bulk(operations)).status).toBe(200);
    const { status, body } = await ask(edge, 'POST', '/v1/bulk', `{"operations":[]}${' '.repeat(BULK_BODY_BYTES_MAX)}`);
    expect([status, body['code']]).toEqual([413, 'body_too_large']);
  });

  test('needs a token where there are any', async (context) => {
    const guarded = await serve(context, { tokens: [TOKEN] });
    guarded.engine.script = grantAll;
    const body = { operations: acquires(1) };
    expect((await ask(guarded, 'POST', '/v1/bulk', body)).status).toBe(401);
    expect(guarded.engine.asked).toEqual([]);
    expect((await ask(guarded, 'POST', '/v1/bulk', body, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  test('from another origin is refused', async () => {
    expect((await bulk(acquires(1), { origin: 'https://example.com' })).body).toMatchObject({ code: 'origin_refused' });
    expect(edge.engine.asked).toEqual([]);
  });
});

describe('an operation that is not valid', () => {
  const GOOD = { op: 'acquire', lock: 'a' };

  test.for([
    [{ op: 'lock', lock: 'a' }, 'invalid_request', '/op'],
    [{ lock: 'a' }, 'invalid_request', '/op'],
    [{ op: 'acquire' }, 'invalid_request', '/lock'],
    [{ op: 'acquire', lock: '..' }, 'lock_name_invalid', '/lock'],
    [{ op: 'acquire', lock: 'a b' }, 'lock_name_invalid', '/lock'],
    [{ op: 'acquire', lock: 7 }, 'lock_name_invalid', '/lock'],
    [{ op: 'acquire', lock: 'a', lease: ID }, 'invalid_request', '/lease'],
    [{ op: 'acquire', lock: 'a', waitMs: 0 }, 'invalid_request', '/waitMs'],
    [{ op: 'acquire', lock: 'a', ttlMs: 99 }, 'invalid_request', '/ttlMs'],
    [{ op: 'acquire', lock: 'a', metadata: 'x'.repeat(4_097) }, 'invalid_request', '/metadata'],
    [{ op: 'acquire', lock: 'a', idempotencyKey: '' }, 'invalid_request', '/idempotencyKey'],
    [{ op: 'acquire', lock: 'a', idempotencyKey: 'k'.repeat(256) }, 'invalid_request', '/idempotencyKey'],
    [{ op: 'acquire', lock: 'a', idempotencyKey: 'é' }, 'invalid_request', '/idempotencyKey'],
    [{ op: 'renew', ttlMs: 1_000 }, 'invalid_request', '/lease'],
    [{ op: 'renew', lease: ID, owner: 'me' }, 'invalid_request', '/owner'],
    [{ op: 'renew', lease: ID, metadata: {} }, 'invalid_request', '/metadata'],
    [{ op: 'release', lock: 'a' }, 'invalid_request', '/lease'],
    [{ op: 'release', lease: ID, lock: 'a' }, 'invalid_request', '/lock'],
    [{ op: 'release', lease: ID, ttlMs: 1_000 }, 'invalid_request', '/ttlMs'],
    ['release', 'invalid_request', ''],
  ] as const)('refuses the whole request and says where: %j', async ([wrong, code, member]) => {
    const { status, body } = await bulk([GOOD, wrong, GOOD]);
    expect([status, body['code'], body['pointer']]).toEqual([400, code, `/operations/1${member}`]);
    expect(edge.engine.asked).toEqual([]);
  });

  test('with a number that would come back as another value refuses the whole request', async () => {
    const { body } = await ask(edge, 'POST', '/v1/bulk', '{"operations":[{"op":"acquire","lock":"a","metadata":[1e400]}]}');
    expect([body['code'], body['pointer'], edge.engine.asked]).toEqual(['invalid_request', '/operations/0/metadata', []]);
  });

  test.for(['{}', '{"operations":{}}', '{"operations":[],"more":1}', '[]'])('%s is no bulk', async (body) => {
    expect((await ask(edge, 'POST', '/v1/bulk', body)).body).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('the key of an acquire', () => {
  test('is the one that the same acquire has on its own route', async () => {
    edge.engine.script = () => refused({ code: 'lock_held' });
    const body = { owner: 'me', metadata: { b: 1, a: 2 } };
    await bulk([{ op: 'acquire', lock: 'a/b', ...body, idempotencyKey: 'once' }, { op: 'acquire', lock: 'a/b', idempotencyKey: 'once' }, { op: 'acquire', lock: 'b', ...body, idempotencyKey: 'once' }]);
    await ask(edge, 'POST', '/v1/locks/a%2Fb/leases', body, { 'idempotency-key': 'once' });
    const [first, otherBody, otherLock, alone] = edge.engine.asked.map((asked) => ('key' in asked ? asked.key : undefined));
    expect(first).toEqual(alone);
    expect([otherBody?.id === first?.id, otherBody?.fingerprint === first?.fingerprint]).toEqual([true, false]);
    expect(otherLock?.id).not.toBe(first?.id);
  });

  test('has no effect on what is idempotent anyway', async () => {
    await bulk([{ op: 'release', lease: ID, idempotencyKey: 'k' }, { op: 'renew', lease: ID, idempotencyKey: 'k' }]);
    expect(edge.engine.asked).toEqual([{ kind: 'release', lease: ID }, { kind: 'renew', lease: ID }]);
  });
});

describe('the grants of a bulk', () => {
  test('are not written to a closed connection, and each is reported', async () => {
    const first = await hangUp();
    edge.engine.answer(first, grant());
    edge.engine.answer(first + 1, grant({}, 'shared'));
    edge.engine.answer(first + 2, { kind: 'done' });
    await ask(edge, 'GET', '/health/live');
    expect(edge.engine.reports).toEqual([{ kind: 'uncarried', lease: ID }, { kind: 'hangUp', request: first + 1 }]);
    expect(edge.counted).toContainEqual({ route: '/v1/bulk', method: 'POST', status: 499 });
  });

  test('are reported as carried when they were written, where others could carry them too', async () => {
    edge.engine.script = (asked) => (asked.kind === 'acquire' ? grant({ id: asked.lease }, asked.key === undefined ? 'sole' : 'shared') : { kind: 'done' });
    await bulk([{ op: 'acquire', lock: 'a' }, { op: 'acquire', lock: 'b', idempotencyKey: 'k' }, { op: 'release', lease: ID }]);
    await ask(edge, 'GET', '/health/live');
    expect(edge.engine.reports).toEqual([{ kind: 'carried', request: edge.engine.latest - 1 }]);
  });

  test('whose answer stands behind another one are reported when their connection closes', async () => {
    edge.engine.script = (asked) => (asked.kind === 'acquire' && asked.waitMs === 0 ? grant({ id: asked.lease }) : undefined);
    const connection = await RawConnection.open(edge.port);
    connection.request('POST', '/v1/locks/b/leases', '{"waitMs":60000}');
    connection.request('POST', '/v1/bulk', JSON.stringify({ operations: acquires(12) }));
    await edge.engine.until('asked', 13);
    const leases = edge.engine.asked.flatMap((asked) => (asked.kind === 'acquire' && asked.waitMs === 0 ? [asked.lease] : []));
    await ask(edge, 'GET', '/health/live');
    expect(edge.engine.reports).toEqual([]);
    connection.hangUp();
    await edge.engine.until('report', 13);
    expect(edge.engine.reports.slice(1)).toEqual(leases.map((lease) => ({ kind: 'uncarried', lease })));
  });

  test('that are over before they could be written are asked for again, and the others are written as they are then', async () => {
    edge.engine.script = () => undefined;
    const answer = bulk(acquires(2));
    await edge.engine.until('asked', 2);
    const second = edge.engine.latest;
    edge.engine.now = 5_000;
    edge.engine.answer(second - 1, grant({ id: `${ID.slice(0, -1)}B` }, 'shared', 5_000));
    edge.engine.answer(second, grant({}, 'sole', 6_000));
    await edge.engine.until('asked', 3);
    expect(edge.engine.asked.at(-1)).toEqual({ kind: 'readLease', lease: `${ID.slice(0, -1)}B`, waitMs: 0, held: true });
    edge.engine.now = 5_100;
    edge.engine.answer(second + 1, refused({ code: 'lease_lost', reason: 'expired' }));
    expect((await answer).body['results']).toMatchObject([{ status: 410, body: { code: 'lease_lost', reason: 'expired' } }, { status: 201, body: { expiresInMs: 900 } }]);
    expect(edge.engine.reports).toEqual([{ kind: 'hangUp', request: second - 1 }, { kind: 'hangUp', request: second + 1 }]);
  });
});
