// Revocation: an operator takes a grant away, all of them or exactly one.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';

const service = sharedService();

test('a revoked lock goes to who is next, and its holder is told with its next call', async () => {
  const { client } = service;
  const lock = freshName();
  const lease = await client.hold(lock);
  const waiter = client.queue(lock, { owner: 'next' });
  await client.waitersReach(lock, 1);
  const { status, body } = await client.revoke(lock, { reason: 'the host is gone' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ name: lock, state: 'locked', waiters: 0, holders: [{ owner: 'next' }] });
  expect((await waiter.answer).body.fencingToken).toBeGreaterThan(lease.fencingToken);
  const renewed = await client.renew(lease.id);
  expect([renewed.status, renewed.body.code, renewed.body.reason]).toEqual([410, 'lease_lost', 'revoked']);
});

test('a revocation that names the present grant takes it', async () => {
  const { client } = service;
  const lock = freshName();
  const { fencingToken } = await client.hold(lock);
  const { status, body } = await client.revoke(lock, { fencingToken });
  expect([status, body.state]).toEqual([200, 'unlocked']);
});

test('a revocation that names an older grant changes nothing and names the present one', async () => {
  const { client } = service;
  const lock = freshName();
  const older = await client.hold(lock);
  await client.release(older.id);
  const present = await client.hold(lock);
  const { status, body } = await client.revoke(lock, { fencingToken: older.fencingToken });
  expect([status, body.code, body.fencingToken]).toEqual([409, 'lock_held', present.fencingToken]);
  expect((await client.lease(present.id)).body.state).toBe('held');
});

test('revoking what nobody holds is answered as unlocked and changes nothing', async () => {
  const { client } = service;
  const declared = freshName();
  await client.declare({ name: declared, description: 'kept' });
  for (const json of [{}, { fencingToken: 1 }]) {
    const known = await client.revoke(declared, json);
    expect([known.status, known.body.state, known.body.description]).toEqual([200, 'unlocked', 'kept']);
    const unknown = await client.revoke(freshName(), json);
    expect([unknown.status, unknown.body.state]).toEqual([200, 'unlocked']);
  }
});

test.for([[{ fencingToken: 'x' }], [{ fencingToken: 0.5 }], [{ reason: 7 }], [{ reason: 'r'.repeat(257) }], [{ token: 1 }]] as const)('a revocation with %j is refused', async ([json]) => {
  const { client } = service;
  const lock = freshName();
  const { id } = await client.hold(lock);
  expect((await client.ask('POST', `/v1/locks/${lock}/revoke`, { json })).status).toBe(400);
  expect((await client.lease(id)).body.state).toBe('held');
});
