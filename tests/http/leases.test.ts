// Leases over HTTP: what the routes ask of the engine, and how its replies are written.

import { describe, expect, test } from 'vitest';
import type { RequestKey } from '../../src/state/inputs.ts';
import type { Grant, Reply } from '../../src/state/replies.ts';
import type { EndedLease, HeldLease, LeaseEnd, WaitingLease } from '../../src/state/rows.ts';
import { ask, held, refused, sharedEdge, WALL } from './edge.ts';

const edge = sharedEdge();
const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const LEASE = `/v1/leases/${ID}`;
const ACQUIRE = '/v1/locks/orders%2F42/leases';

function grant(endsAt = 31_000, row: Partial<HeldLease> = {}, given: Grant | 'none' = 'shared'): Reply {
  return { kind: 'lease', grant: given === 'none' ? undefined : given, view: { lease: held({ id: ID, lock: 'orders/42', ...row }), endsAt } };
}

function waiting(position = 1): Reply {
  const lease: WaitingLease = { id: ID, lock: 'orders/42', order: 2, claimant: { by: 'ticket' }, ttlMs: 30_000, askedAt: 400, state: 'waiting', waitUntil: 60_000 };
  return { kind: 'lease', view: { lease, position } };
}

function ended(state: LeaseEnd): Reply {
  const lease: EndedLease = { ...held({ id: ID }), state, fencingToken: 9, grantedAt: WALL, waitedMs: 5, keepUntil: 1 };
  return { kind: 'lease', view: { lease } };
}

/** What the engine is given for an `Idempotency-Key`. */
async function keyOf(path: string, body: unknown, key: string): Promise<RequestKey | undefined> {
  edge.engine.script = () => refused({ code: 'lock_held' });
  await ask(edge, 'POST', path, body, { 'idempotency-key': key });
  const [asked] = edge.engine.asked.splice(0);
  return asked !== undefined && 'key' in asked ? asked.key : undefined;
}

describe('acquiring', () => {
  test('passes on what was asked, with an id that nobody can guess', async () => {
    edge.engine.script = () => grant();
    await ask(edge, 'POST', ACQUIRE, { owner: 'me', ttlMs: 5_000, waitMs: 7, metadata: { a: [null] } });
    await ask(edge, 'POST', ACQUIRE);
    const [first, second] = edge.engine.asked;
    expect(first).toEqual({ kind: 'acquire', lock: 'orders/42', lease: expect.stringMatching(/^lse_[A-Za-z0-9_-]{24}$/u), ticket: false, owner: 'me', ttlMs: 5_000, waitMs: 7, metadata: { a: [null] } });
    expect(second).toMatchObject({ ttlMs: 30_000, waitMs: 0 });
    expect(first).not.toHaveProperty('lease', second?.kind === 'acquire' ? second.lease : '');
  });

  test.for(['{"metadata":1e400}', '{"metadata":{"a":[-1e999]}}'])('keeps no number that would come back as another value: %s', async (body) => {
    const { status, body: told } = await ask(edge, 'POST', ACQUIRE, body);
    expect([status, told['code'], told['pointer']]).toEqual([400, 'invalid_request', '/metadata']);
    expect(edge.engine.asked).toEqual([]);
  });

  test('mints ids that never repeat', async () => {
    edge.engine.script = () => refused({ code: 'lock_held' });
    await Promise.all(Array.from({ length: 1_200 }, () => ask(edge, 'POST', ACQUIRE)));
    expect(new Set(edge.engine.asked.map((asked) => (asked.kind === 'acquire' ? asked.lease : ''))).size).toBe(1_200);
  });

  test('answers a grant with all that there is to know of it, and where it is', async () => {
    edge.engine.script = () => grant(31_000, { owner: 'me', fencingToken: 34, waitedMs: 12, metadata: { job: 1 } });
    const { status, headers, body } = await ask(edge, 'POST', ACQUIRE);
    expect([status, headers['location'], headers['cache-control'], headers['content-type']]).toEqual([201, LEASE, 'no-store', 'application/json; charset=utf-8']);
    expect(body).toEqual({
      id: ID, state: 'held', locks: [{ name: 'orders/42', mode: 'exclusive', permits: 1 }], owner: 'me', fencingToken: 34, ttlMs: 30_000, grantedAt: '2026-11-23T08:30:00.000Z',
      expiresAt: '2026-11-23T08:30:31.000Z', expiresInMs: 30_000, elapsedMs: expect.any(Number), renewAfterMs: 10_000, waitedMs: 12, metadata: { job: 1 },
    });
  });

  test('counts the elapsed time from the arrival of the request to the answer', async () => {
    edge.engine.script = () => undefined;
    const began = performance.now();
    const answer = ask(edge, 'POST', ACQUIRE, { waitMs: 5_000 });
    await edge.engine.until('asked', 1);
    const asked = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const least = Math.floor(performance.now() - asked);
    edge.engine.answer(edge.engine.latest, grant());
    const { body } = await answer;
    expect(body['elapsedMs']).toBeGreaterThanOrEqual(least - 1);
    expect(body['elapsedMs']).toBeLessThanOrEqual(performance.now() - began);
  });

  test('is told to the engine as carried when a grant was written, and only then', async () => {
    edge.engine.script = () => grant();
    await ask(edge, 'POST', ACQUIRE);
    expect(edge.engine.reports).toEqual([{ kind: 'carried', request: edge.engine.latest }]);
    edge.engine.script = () => refused({ code: 'lock_held' });
    await ask(edge, 'POST', ACQUIRE);
    expect(edge.engine.reports).toHaveLength(1);
  });
});

describe('a ticket', () => {
  test.for([
    ['respond-async', 10, true], ['Respond-Async', 10, true], ['wait=5, respond-async', 10, true], ['respond-async; foo=1', 10, true], ['handling=lenient,respond-async', 10, true],
    ['respond-async', 0, false], ['respond-async', 86_400_000, true], ['respond-asynchronously', 10, false], ['foo="a, respond-async"', 10, false], ['return=minimal', 10, false],
  ] as const)('is asked for by Prefer: %s with waitMs %i: %s', async ([prefer, waitMs, ticket]) => {
    edge.engine.script = () => grant();
    expect((await ask(edge, 'POST', ACQUIRE, { waitMs }, { prefer })).status).toBe(201);
    expect(edge.engine.asked).toMatchObject([{ ticket, waitMs }]);
  });

  test('that waits is answered with 202, its place and what was honoured', async () => {
    edge.engine.script = () => waiting(3);
    const { status, headers, body } = await ask(edge, 'POST', ACQUIRE, { waitMs: 9_000 }, { prefer: 'respond-async' });
    expect([status, headers['location'], headers['preference-applied'], headers['cache-control']]).toEqual([202, LEASE, 'respond-async', 'no-store']);
    expect(body).toEqual({ id: ID, state: 'waiting', locks: [{ name: 'orders/42', mode: 'exclusive', permits: 1 }], ttlMs: 30_000, elapsedMs: expect.any(Number), waitedMs: 600, position: 3 });
    expect(edge.engine.reports).toEqual([]);
  });

  test('may wait a day, and a connection four minutes', async () => {
    edge.engine.script = () => grant();
    const prefer = { prefer: 'respond-async' };
    expect((await ask(edge, 'POST', ACQUIRE, { waitMs: 86_400_001 }, prefer)).status).toBe(400);
    expect((await ask(edge, 'POST', ACQUIRE, { waitMs: 240_001 })).body).toMatchObject({ code: 'invalid_request', pointer: '/waitMs' });
    expect((await ask(edge, 'POST', ACQUIRE, { waitMs: 240_000 })).status).toBe(201);
  });
});

describe('a lease', () => {
  test('is followed for as long as was asked', async () => {
    edge.engine.script = () => waiting();
    const { status, body, headers } = await ask(edge, 'GET', `${LEASE}?waitMs=240000`);
    expect([status, body['state'], headers['cache-control']]).toEqual([200, 'waiting', 'no-store']);
    await ask(edge, 'GET', LEASE);
    expect(edge.engine.asked).toEqual([{ kind: 'readLease', lease: ID, waitMs: 240_000 }, { kind: 'readLease', lease: ID, waitMs: 0 }]);
  });

  test.for(['released', 'expired', 'revoked', 'timed_out', 'abandoned'] as const)('that is %s is shown so, without a time that is left', async (state) => {
    edge.engine.script = () => ended(state);
    const { status, body } = await ask(edge, 'GET', LEASE);
    expect([status, body['state'], body['fencingToken'], body['waitedMs']]).toEqual([200, state, 9, 5]);
    for (const member of ['expiresAt', 'expiresInMs', 'renewAfterMs', 'position']) expect(body).not.toHaveProperty(member);
  });

  test('is renewed, and keeps its ttl where none is said', async () => {
    edge.engine.script = () => grant(31_000, {}, 'none');
    expect((await ask(edge, 'POST', `${LEASE}/renew`, { ttlMs: 100 })).status).toBe(200);
    expect((await ask(edge, 'POST', `${LEASE}/renew`)).headers['cache-control']).toBe('no-store');
    expect(edge.engine.asked).toEqual([{ kind: 'renew', lease: ID, ttlMs: 100 }, { kind: 'renew', lease: ID }]);
    expect(edge.engine.reports).toEqual([]);
  });

  test('is released with nothing to say', async () => {
    const { status, text, headers } = await ask(edge, 'DELETE', LEASE);
    expect([status, text, headers['content-type']]).toEqual([204, '', undefined]);
    expect(edge.engine.asked).toEqual([{ kind: 'release', lease: ID }]);
    expect(edge.engine.hastened).toEqual([edge.engine.latest]);
  });
});

describe('a lease that is over by the time of writing', () => {
  test.for([
    ['POST', ACQUIRE, 'expired'], ['POST', ACQUIRE, 'revoked'], ['POST', `${LEASE}/renew`, 'expired'],
  ] as const)('%s %s is answered as lost: %s', async ([method, path, state]) => {
    edge.engine.script = (asked) => (asked.kind === 'readLease' ? refused({ code: 'lease_lost', reason: state }) : grant(1_000));
    const { status, body } = await ask(edge, method, path);
    expect([status, body['code'], body['reason']]).toEqual([410, 'lease_lost', state]);
    expect(edge.engine.asked.slice(1)).toEqual([{ kind: 'readLease', lease: ID, waitMs: 0, held: true }]);
    expect(edge.engine.reports).not.toContainEqual(expect.objectContaining({ kind: 'carried' }));
  });

  test('is shown as it ended when it is read', async () => {
    const said = [grant(1_000), grant(1_000), ended('expired')];
    edge.engine.script = () => said.shift();
    const { status, body } = await ask(edge, 'GET', LEASE);
    expect([status, body['state']]).toEqual([200, 'expired']);
    expect(edge.engine.asked).toHaveLength(3);
  });

  test('is answered as held after all when it was renewed meanwhile', async () => {
    const said = [grant(1_000), grant(9_000, {}, 'none')];
    edge.engine.script = () => said.shift();
    const { status, body } = await ask(edge, 'POST', ACQUIRE);
    expect([status, body['expiresInMs']]).toEqual([201, 8_000]);
    expect(edge.engine.reports).toContainEqual({ kind: 'carried', request: edge.engine.latest - 1 });
  });

  test('is a refusal when it was forgotten', async () => {
    const said = [grant(1_000), refused({ code: 'lease_not_found' })];
    edge.engine.script = () => said.shift();
    const { status, body } = await ask(edge, 'GET', LEASE);
    expect([status, body['code']]).toEqual([404, 'lease_not_found']);
  });
});

describe('an Idempotency-Key', () => {
  test('is bound to its path and its own text, and not to the order of members', async () => {
    const first = await keyOf(ACQUIRE, { owner: 'a', ttlMs: 1_000 }, 'k');
    expect(first).toEqual({ id: expect.stringMatching(/^[\w-]{43}$/u), fingerprint: expect.stringMatching(/^[\w-]{43}$/u) });
    expect(await keyOf(ACQUIRE, { ttlMs: 1_000, owner: 'a' }, 'k')).toEqual(first);
    expect(await keyOf('/v1/locks/%6Frders%2F42/leases', { ttlMs: 1_000, owner: 'a' }, 'k')).toEqual(first);
    const others = [await keyOf('/v1/locks/b/leases', {}, 'k'), await keyOf('/v1/locks', { name: 'b' }, 'k'), await keyOf('/v1/batches', { function: 'f', items: [] }, 'k'), await keyOf(ACQUIRE, {}, 'K')];
    expect(new Set([first, ...others].map((key) => key?.id)).size).toBe(5);
  });

  test('keeps its id and changes its fingerprint with another body', async () => {
    const [one, other] = [await keyOf(ACQUIRE, { owner: 'a' }, 'k'), await keyOf(ACQUIRE, { owner: 'b' }, 'k')];
    expect(other?.id).toBe(one?.id);
    expect(other?.fingerprint).not.toBe(one?.fingerprint);
  });

  test('may be quoted, as structured fields are', async () => {
    expect(await keyOf(ACQUIRE, {}, '"k"')).toEqual(await keyOf(ACQUIRE, {}, 'k'));
    expect(await keyOf(ACQUIRE, {}, String.raw`"a\"b"`)).toEqual(await keyOf(ACQUIRE, {}, 'a"b'));
  });

  test.for(['', '""', 'ü', 'k'.repeat(256)])('that is %j is refused', async (key) => {
    const { status, body } = await ask(edge, 'POST', ACQUIRE, {}, { 'idempotency-key': key });
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    expect(edge.engine.asked).toEqual([]);
  });

  test('of 255 characters is taken, and ignored where calls are idempotent anyway', async () => {
    expect(await keyOf(ACQUIRE, {}, 'k'.repeat(255))).toBeDefined();
    expect(await keyOf(`${LEASE}/renew`, {}, 'k')).toBeUndefined();
  });
});
