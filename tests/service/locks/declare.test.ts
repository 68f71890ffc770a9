// Declared locks: made, changed, listed and deleted.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { lockPath } from '../client.ts';

const service = sharedService();

test('a declared lock is there, unlocked, as it was declared', async () => {
  const { client } = service;
  const name = `${freshName('orders')}/42`;
  const asked = { name, description: 'one order', labels: { team: 'billing', tier: '1' } };
  const { status, headers, body } = await client.declare(asked);
  expect(status).toBe(201);
  expect(headers['location']).toBe(`/v1/locks/${encodeURIComponent(name)}`);
  expect(body).toMatchObject({ ...asked, kind: 'mutex', state: 'unlocked', holders: [], waiters: 0 });
  expect((await client.lock(name)).body).toEqual(body);
});

test('a second declaration by POST is refused, and one by PUT takes the place of the first', async () => {
  const { client } = service;
  const name = freshName();
  const made = await client.ask('PUT', lockPath(name), { json: { description: 'first' } });
  const again = await client.declare({ name });
  const changed = await client.ask('PUT', lockPath(name), { json: { kind: 'mutex', description: 'second', labels: { a: 'b' } } });
  expect([made.status, again.status, again.body.code, changed.status]).toEqual([201, 409, 'lock_exists', 200]);
  expect((await client.lock(name)).body).toMatchObject({ description: 'second', labels: { a: 'b' } });
});

test('a held lock may be declared, and stays when it is released', async () => {
  const { client } = service;
  const name = freshName();
  const { id, fencingToken } = await client.hold(name);
  expect((await client.ask('PUT', lockPath(name), { json: {} })).body).toMatchObject({ state: 'locked', holders: [{ fencingToken }] });
  await client.release(id);
  expect((await client.lock(name)).body.state).toBe('unlocked');
});

test('a lock is deleted when nobody holds it or waits for it, and not before', async () => {
  const { client } = service;
  const name = freshName();
  await client.declare({ name });
  const { id } = await client.hold(name);
  const held = await client.ask('DELETE', lockPath(name));
  expect([held.status, held.body.code]).toEqual([409, 'lock_held']);
  await client.release(id);
  const deleted = await client.ask('DELETE', lockPath(name));
  expect([deleted.status, deleted.text]).toEqual([204, '']);
  const gone = [await client.lock(name), await client.ask('DELETE', lockPath(name)), await client.waiters(name)];
  expect(gone.map(({ status, body }) => [status, body.code])).toEqual(gone.map(() => [404, 'lock_not_found']));
});

test('fencing tokens go on rising when a lock is deleted and made again', async () => {
  const { client } = service;
  const name = freshName();
  const tokens: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    await client.declare({ name });
    const { id, fencingToken } = await client.hold(name);
    tokens.push(fencingToken);
    await client.release(id);
    expect((await client.ask('DELETE', lockPath(name))).status).toBe(204);
  }
  expect(tokens).toEqual([...new Set(tokens)].toSorted((left, right) => left - right));
});

test('a list by prefix is complete over its pages, each lock once, and ends without a cursor', async () => {
  const { client } = service;
  const prefix = `${freshName('page')}/`;
  const names = Array.from({ length: 25 }, (_, number) => `${prefix}${String(number).padStart(2, '0')}`);
  await Promise.all(names.map((name) => client.declare({ name })));
  const seen: string[] = [];
  const sizes: number[] = [];
  let cursor = '';
  for (let page = 0; page < 10; page += 1) {
    const { status, body } = await client.locks(`prefix=${encodeURIComponent(prefix)}&limit=10${cursor}`);
    expect(status).toBe(200);
    sizes.push(body.locks.length);
    seen.push(...body.locks.map(({ name }) => name));
    if (body.nextCursor === undefined) break;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
  expect(seen.toSorted()).toEqual(names);
  expect(sizes).toEqual([10, 10, 5]);
});

test('a list by state shows only the locks in it', async () => {
  const { client } = service;
  const prefix = freshName('state');
  await Promise.all(['a', 'b', 'c'].map((suffix) => client.declare({ name: `${prefix}.${suffix}` })));
  await client.hold(`${prefix}.b`);
  const list = async (state: string): Promise<string[]> => (await client.locks(`prefix=${prefix}&state=${state}`)).body.locks.map(({ name }) => name).toSorted();
  expect(await list('locked')).toEqual([`${prefix}.b`]);
  expect(await list('unlocked')).toEqual([`${prefix}.a`, `${prefix}.c`]);
});

test.for(['limit=0', 'limit=1001', 'limit=x', 'limit=-1', 'state=open', 'page=2', 'cursor=%00', 'prefix=%20'])('a list with %s is refused', async (query) => {
  expect((await service.client.locks(query)).status).toBe(400);
});

test.for([
  [{ kind: 'semaphore' }], [{ kind: null }], [{ description: 7 }], [{ description: 'd'.repeat(1_025) }], [{ labels: { a: 1 } }], [{ labels: [] }], [{ labels: { a: 'l'.repeat(129) } }],
  [{ labels: Object.fromEntries(Array.from({ length: 17 }, (_, label) => [`l${label}`, ''])) }], [{ permits: 2 }],
] as const)('a declaration with %j is refused and makes nothing', async ([json]) => {
  const { client } = service;
  const name = freshName();
  const answers = [
    await client.ask('POST', '/v1/locks', { json: { name, kind: 'mutex', ...json } }),
    await client.ask('PUT', lockPath(name), { json }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  expect((await client.lock(name)).status).toBe(404);
});

test('a declaration by PUT does not take the name a second time', async () => {
  const name = freshName();
  expect((await service.client.ask('PUT', lockPath(name), { json: { name } })).status).toBe(400);
});
