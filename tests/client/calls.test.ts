// The plain calls: what the service answers, typed and as it is, and its problems as errors.

import { expect, test } from 'vitest';
import { Holdfast, Problem } from '@holdfast/client';
import { freshName, sharedService, startService } from '../service/harness.ts';
import { Gate } from './gate.ts';

const service = sharedService();

function connect(): Holdfast {
  return new Holdfast({ url: `${service.client.http.origin}/` });
}

test('a lock is declared, listed, shown and deleted', async () => {
  const holdfast = connect();
  const name = `${freshName('declared')}/1`;
  const lock = holdfast.lock(name);
  expect(await lock.declare({ description: 'one at a time', labels: { team: 'billing' } })).toMatchObject({ name, declared: true, labels: { team: 'billing' } });
  expect(await lock.declare({ description: 'another' })).toMatchObject({ description: 'another', labels: {} });
  expect((await holdfast.listLocks({ prefix: name, state: 'unlocked' })).locks).toEqual([await lock.show()]);
  await lock.delete();
  await expect(lock.show()).rejects.toMatchObject({ code: 'lock_not_found' });
});

test('lists are read by pages', async () => {
  const holdfast = connect();
  const prefix = freshName('paged');
  for (const letter of ['a', 'b', 'c']) await holdfast.lock(`${prefix}-${letter}`).declare();
  const first = await holdfast.listLocks({ prefix, limit: 2 });
  const second = await holdfast.listLocks({ prefix, limit: 2, cursor: first.nextCursor });
  expect([...first.locks, ...second.locks].map(({ name }) => name)).toEqual(['a', 'b', 'c'].map((letter) => `${prefix}-${letter}`));
  expect(second.nextCursor).toBeUndefined();
});

test('revoking takes the grant that is named and no other', async () => {
  const lock = connect().lock(freshName());
  const { fencingToken = 0 } = await lock.acquireLease();
  const refused: unknown = await lock.revoke({ fencingToken: fencingToken + 1 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Problem);
  expect(refused).toMatchObject({ code: 'lock_held', status: 409, fencingToken });
  expect(await lock.revoke({ fencingToken, reason: 'the test wants it' })).toMatchObject({ state: 'unlocked' });
});

test('a revocation that names no grant is not sent again when its answer is lost', async (context) => {
  const gate = await Gate.open(context, service.client.http.origin);
  const lock = new Holdfast({ url: gate.origin }).lock(freshName());
  gate.hangUp(2);
  await expect(lock.revoke()).rejects.toMatchObject({ name: 'UnreachableError' });
  expect(gate.arrivals).toHaveLength(1);
  expect(await lock.revoke({ fencingToken: 1 })).toMatchObject({ state: 'unlocked' });
  expect(gate.arrivals).toHaveLength(3);
});

test('a problem carries what the service said: code, status, detail and where', async () => {
  const error: unknown = await connect().lock('a b').acquire().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'Problem', code: 'lock_name_invalid', status: 400, instance: expect.stringContaining('urn:uuid:') });
  await expect(connect().lock(freshName()).acquire({ ttlMs: 1 })).rejects.toMatchObject({ code: 'invalid_request', pointer: '/ttlMs' });
  await expect(connect().batch('no-such').show()).rejects.toMatchObject({ status: 404 });
});

test('a token is sent with every request', { timeout: 60_000 }, async (context) => {
  const token = 'a-token-of-the-tests-1';
  const guarded = await startService(context, { environment: { HOLDFAST_TOKENS: token } });
  const { origin } = guarded.client.http;
  await expect(new Holdfast({ url: origin }).lock(freshName()).acquire()).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
  expect(await new Holdfast({ url: origin, token }).lock(freshName()).run(() => 'ran')).toBe('ran');
});

test('what is no url of HTTP is refused when the client is made', () => {
  expect(() => new Holdfast({ url: 'ftp://127.0.0.1' })).toThrow('http://');
  expect(() => new Holdfast({ url: 'nowhere' })).toThrow(TypeError);
});
