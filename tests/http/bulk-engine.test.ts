// A bulk over the real engine: one group, the rules of its operations' own routes, and nothing given to nobody.

import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UNANSWERED_MAX } from '../../src/limits.ts';
import { endsAt } from '../../src/locks/leases.ts';
import { ask, type Served } from './edge.ts';
import { RawConnection } from './raw.ts';
import { path, real, until } from './real.ts';

interface Result {
  readonly status: number;
  readonly body?: { readonly id: string; readonly state: string; readonly code: string; readonly fencingToken: number; readonly reason: string };
}

async function bulk(edge: Served, operations: readonly object[]): Promise<readonly Result[]> {
  const { body } = await ask(edge, 'POST', '/v1/bulk', { operations });
  return Object(body['results']);
}

function acquires(count: number, more: object = {}): object[] {
  return Array.from({ length: count }, (_, n) => ({ op: 'acquire', lock: `lock-${n}`, ...more }));
}

test('a thousand leases are acquired, renewed and released, each in one commit', async (context) => {
  const { edge, engine, journal } = await real(context);
  await ask(edge, 'POST', path('warm'));
  const commits = async (operations: readonly object[]): Promise<{ made: number; results: readonly Result[] }> => {
    await engine.settled();
    const before = journal.commits;
    const results = await bulk(edge, operations);
    return { made: journal.commits - before, results };
  };
  const acquired = await commits(acquires(1_000));
  expect(acquired.results.map(({ status }) => status)).toEqual(Array.from({ length: 1_000 }, () => 201));
  const tokens = acquired.results.map(({ body }) => body!.fencingToken);
  expect(tokens).toEqual(tokens.toSorted((left, right) => left - right));
  expect(new Set(tokens).size).toBe(1_000);
  const leases = acquired.results.map(({ body }) => body!.id);
  const renewed = await commits(leases.map((lease) => ({ op: 'renew', lease, ttlMs: 60_000 })));
  const released = await commits(leases.map((lease) => ({ op: 'release', lease })));
  expect([acquired.made, renewed.made, released.made]).toEqual([1, 1, 1]);
  expect(new Set(renewed.results.map(({ status, body }) => `${status} ${body!.state}`))).toEqual(new Set(['200 held']));
  expect(new Set(released.results.map(({ status }) => status))).toEqual(new Set([204]));
  expect(engine.state.leaseIndex.holders).toBe(1);
});

test('operations are carried out in their order, and each has the problems of its own route', async (context) => {
  const { edge } = await real(context);
  const [first] = await bulk(edge, [{ op: 'acquire', lock: 'a' }]);
  const lease = first!.body!.id;
  const results = await bulk(edge, [
    { op: 'acquire', lock: 'a' }, { op: 'release', lease }, { op: 'release', lease }, { op: 'acquire', lock: 'a' }, { op: 'acquire', lock: 'a' },
    { op: 'renew', lease }, { op: 'renew', lease: 'of no form' }, { op: 'release', lease: 'lse_AAAAAAAAAAAAAAAAAAAAAAAA' },
  ]);
  expect(results.map(({ status, body }) => [status, body?.code ?? body?.state])).toEqual([
    [423, 'lock_held'], [204, undefined], [204, undefined], [201, 'held'], [423, 'lock_held'],
    [410, 'lease_lost'], [404, 'lease_not_found'], [404, 'lease_not_found'],
  ]);
  expect(results[3]!.body!.fencingToken).toBeGreaterThan(first!.body!.fencingToken);
});

test('a release in a bulk hands the lock to who waits, before a later acquire of the same bulk', async (context) => {
  const { edge, engine } = await real(context);
  const [first] = await bulk(edge, [{ op: 'acquire', lock: 'a' }]);
  const waiter = ask(edge, 'POST', path('a'), { waitMs: 60_000 });
  await until(() => engine.state.leaseIndex.queue('a').size === 1);
  const results = await bulk(edge, [{ op: 'release', lease: first!.body!.id }, { op: 'acquire', lock: 'a' }]);
  expect(results.map(({ status }) => status)).toEqual([204, 423]);
  expect((await waiter).status).toBe(201);
});

test('a bulk whose answer is cut off while it is written gives its leases to nobody', async (context) => {
  const { edge, engine } = await real(context);
  const client = await RawConnection.open(edge.port);
  client.socket.pause();
  const operations = acquires(1_000, { metadata: 'x'.repeat(4_000) });
  client.request('POST', '/v1/bulk', JSON.stringify({ operations }));
  await until(() => engine.state.leaseIndex.holders === operations.length);
  await engine.settled();
  client.socket.resetAndDestroy();
  await until(() => engine.state.leaseIndex.holders === 0);
  expect(engine.state.leaseIndex.clientLeases).toBe(0);
});

test('a retry with a key finds the same lease, by a bulk or by the own route of the acquire', async (context) => {
  const { edge } = await real(context);
  const keyed = { op: 'acquire', lock: 'a', owner: 'me', idempotencyKey: 'once' };
  const [first, twin, other] = await bulk(edge, [keyed, keyed, { ...keyed, owner: 'other' }]);
  expect([first!.status, twin!.status, other!.body!.code]).toEqual([201, 201, 'idempotency_key_reused']);
  expect(twin!.body!.id).toBe(first!.body!.id);
  const alone = await ask(edge, 'POST', path('a'), { owner: 'me' }, { 'idempotency-key': 'once' });
  expect([alone.status, alone.body['id']]).toEqual([201, first!.body!.id]);
});

async function hangUpWhile(edge: Served, operations: readonly object[], isAsked: () => boolean): Promise<void> {
  const connection = await RawConnection.open(edge.port);
  const open = (): Promise<number> => promisify(edge.app.server.getConnections.bind(edge.app.server))();
  const before = await open();
  connection.request('POST', '/v1/bulk', JSON.stringify({ operations }));
  await until(isAsked);
  connection.hangUp();
  while ((await open()) >= before) await delay(2);
}

test('the grants of a bulk whose client hangs up while they are being committed are abandoned, but for those with a key, which a retry finds', async (context) => {
  const { edge, engine, journal } = await real(context);
  await ask(edge, 'POST', path('warm'));
  journal.hold();
  const keyed = { op: 'acquire', lock: 'keyed', idempotencyKey: 'k' };
  await hangUpWhile(edge, [...acquires(20), keyed], () => engine.state.leaseIndex.holders === 22);
  journal.letGo();
  await until(() => engine.state.leaseIndex.holders === 2);
  const kept = [...engine.state.leases.values()].find(({ lock }) => lock === 'keyed');
  const again = await bulk(edge, [...acquires(20), keyed]);
  expect(again.map(({ status }) => status)).toEqual(Array.from({ length: 21 }, () => 201));
  expect(again.at(-1)!.body!.id).toBe(kept!.id);
});

test('a lease that ends while its bulk is being committed is answered as lost, and the others as held', async (context) => {
  const { edge, engine, journal } = await real(context);
  await ask(edge, 'POST', path('warm'));
  journal.hold();
  const answer = bulk(edge, [{ op: 'acquire', lock: 'a', ttlMs: 100 }, { op: 'acquire', lock: 'b' }]);
  await until(() => engine.state.leaseIndex.holders === 3);
  const lease = [...engine.state.leases.values()].find(({ lock }) => lock === 'a');
  if (lease?.state !== 'held') throw new Error('the lease is not held');
  await until(() => engine.reading().now > endsAt(engine.state, lease)!);
  journal.letGo();
  const [lost, kept] = await answer;
  expect([lost!.status, lost!.body!.code, lost!.body!.reason]).toEqual([410, 'lease_lost', 'expired']);
  expect([kept!.status, kept!.body!.state]).toEqual([201, 'held']);
});

test('while the service stops, acquires of a bulk are refused, and renewals and releases are served', async (context) => {
  const { edge, engine } = await real(context);
  const [first, second] = await bulk(edge, acquires(2));
  engine.post({ kind: 'drain' });
  const results = await bulk(edge, [{ op: 'acquire', lock: 'b' }, { op: 'renew', lease: first!.body!.id }, { op: 'release', lease: second!.body!.id }]);
  expect(results.map(({ status, body }) => [status, body?.code])).toEqual([[503, 'shutting_down'], [200, undefined], [204, undefined]]);
});

test('when too many answers wait, acquires of a bulk are refused, and renewals and releases are served', async (context) => {
  const { edge, engine, journal } = await real(context);
  const [first, second] = await bulk(edge, acquires(2));
  journal.hold();
  engine.submit({ kind: 'putLock', lock: { name: 'a', kind: 'mutex', description: '', labels: {} } }, () => undefined);
  await delay(5);
  for (let n = 0; n < UNANSWERED_MAX; n += 1) engine.submit({ kind: 'showLock', name: 'a' }, () => undefined);
  const answer = bulk(edge, [{ op: 'acquire', lock: 'b' }, { op: 'renew', lease: first!.body!.id }, { op: 'release', lease: second!.body!.id }]);
  await until(() => engine.state.leaseIndex.holders === 1);
  journal.letGo();
  expect((await answer).map(({ status, body }) => [status, body?.code])).toEqual([[503, 'overloaded'], [200, undefined], [204, undefined]]);
});
