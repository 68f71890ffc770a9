import { describe, expect, test } from 'vitest';
import { codeOf, heldOf, World } from './world.ts';

describe('connections that go away', () => {
  test('a waiter whose connection closed never gets the lock', () => {
    const world = new World();
    const holder = world.acquire('a');
    const waiter = world.acquire('a', { waitMs: 10_000 });
    world.hangUp(waiter.request);
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(world.acquire('a').request)).state).toBe('held');
  });

  test('a grant whose connection closed before the answer was written passes on at once', () => {
    const world = new World();
    const holder = world.acquire('a');
    const gone = world.acquire('a', { waitMs: 10_000 });
    const next = world.acquire('a', { waitMs: 10_000 });
    world.ask({ kind: 'release', lease: holder.lease });
    world.hangUp(gone.request);
    expect(heldOf(world.answerTo(next.request)).id).toBe(next.lease);
    expect(codeOf(world.answerTo(world.ask({ kind: 'readLease', lease: gone.lease, waitMs: 0 })))).toBe('lease_not_found');
  });

  test('a grant that one answer has carried is never abandoned', () => {
    const world = new World();
    const { request, lease } = world.acquire('a', { key: 'k' });
    world.carry(request);
    const retry = world.acquire('a', { key: 'k' });
    world.hangUp(retry.request);
    world.pass(10_000);
    expect(heldOf(world.answerTo(world.ask({ kind: 'renew', lease }))).id).toBe(lease);
  });

  test('a waiter with a key keeps its place for five seconds, and a retry finds it', () => {
    const world = new World();
    const holder = world.acquire('a');
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    const next = world.acquire('a', { waitMs: 60_000 });
    world.hangUp(keyed.request);
    world.pass(4_000);
    const retry = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.pass(10_000);
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(retry.request)).id).toBe(keyed.lease);
    expect(world.answerTo(next.request)).toBeUndefined();
  });

  test('a place with a key is abandoned five seconds after its last connection', () => {
    const world = new World();
    const holder = world.acquire('a');
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    const next = world.acquire('a', { waitMs: 60_000 });
    world.hangUp(keyed.request);
    world.pass(5_001);
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(next.request)).id).toBe(next.lease);
  });

  test('an uncarried grant with a key waits five seconds for its retry, then passes on', () => {
    const world = new World();
    const holder = world.acquire('a');
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    const next = world.acquire('a', { waitMs: 60_000 });
    world.hangUp(keyed.request);
    world.ask({ kind: 'release', lease: holder.lease });
    world.pass(4_999);
    expect(world.answerTo(next.request)).toBeUndefined();
    world.pass(2);
    expect(heldOf(world.answerTo(next.request)).id).toBe(next.lease);
    expect(heldOf(world.answerTo(world.acquire('b', { key: 'k' }).request)).lock).toBe('b');
  });

  test('after a restart a place with a key is kept for five seconds and a place without one is gone', () => {
    const world = new World();
    const holder = world.acquire('a');
    world.carry(holder.request);
    world.acquire('a', { waitMs: 60_000 });
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.restart();
    expect(world.state.leaseIndex.waiters).toBe(1);
    world.pass(4_000);
    const retry = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(retry.request)).id).toBe(keyed.lease);
  });
});

describe('an Idempotency-Key', () => {
  test('a retry shows the lease as it is now', () => {
    const world = new World();
    const { request, lease } = world.acquire('a', { key: 'k', ttlMs: 10_000 });
    world.carry(request);
    world.ask({ kind: 'renew', lease, ttlMs: 60_000 });
    expect(heldOf(world.answerTo(world.acquire('a', { key: 'k' }).request))).toMatchObject({ id: lease, ttlMs: 60_000 });
  });

  test('a retry with another body is refused', () => {
    const world = new World();
    world.acquire('a', { key: 'k' });
    expect(codeOf(world.answerTo(world.acquire('a', { key: 'k', body: 'other' }).request))).toBe('idempotency_key_reused');
  });

  test('a retry after the end is told how it ended, and that it is forgotten once it is', () => {
    const world = new World();
    const { request, lease } = world.acquire('a', { key: 'k' });
    world.carry(request);
    world.ask({ kind: 'release', lease });
    expect(world.answerTo(world.acquire('a', { key: 'k' }).request)).toMatchObject({ refusal: { code: 'lease_lost', reason: 'released' } });
    world.pass(600_001);
    expect(world.answerTo(world.acquire('a', { key: 'k' }).request)).toMatchObject({ refusal: { reason: 'forgotten' } });
    world.pass(24 * 3_600_000);
    expect(heldOf(world.answerTo(world.acquire('a', { key: 'k' }).request)).state).toBe('held');
  });

  test.each([
    ['refused', (world: World) => world.acquire('a', { key: 'k' })],
    ['timed out', (world: World) => { world.acquire('a', { key: 'k', waitMs: 100 }); world.pass(101); }],
  ])('a request that was %s left nothing: its retry is a new one', (_how, refuse) => {
    const world = new World();
    const holder = world.acquire('a');
    refuse(world);
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(world.acquire('a', { key: 'k' }).request)).state).toBe('held');
  });

  test('a retry finds the first request after a restart', () => {
    const world = new World();
    const { request, lease } = world.acquire('a', { key: 'k' });
    world.carry(request);
    world.restart();
    expect(heldOf(world.answerTo(world.acquire('a', { key: 'k' }).request)).id).toBe(lease);
  });
});

describe('a ticket', () => {
  test('a ticket is waiting, keeps its place without a connection, and shows its grant', () => {
    const world = new World();
    const holder = world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    expect(world.answerTo(ticket.request)).toMatchObject({ view: { lease: { state: 'waiting' }, position: 1 } });
    world.pass(20_000);
    world.ask({ kind: 'release', lease: holder.lease });
    const shown = world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }));
    expect(heldOf(shown).unclaimed).toBeUndefined();
    world.pass(9_000);
    expect(heldOf(world.answerTo(world.ask({ kind: 'renew', lease: ticket.lease }))).id).toBe(ticket.lease);
  });

  test('a ticket that nobody reads for thirty seconds is abandoned; an open request reads all the time', () => {
    const world = new World();
    world.acquire('a', { ttlMs: 600_000 });
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    world.pass(29_000);
    const follow = world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 100_000 });
    world.pass(99_000);
    expect(world.answerTo(follow)).toBeUndefined();
    world.hangUp(follow);
    world.pass(30_001);
    expect(world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }))).toMatchObject({ view: { lease: { state: 'abandoned' } } });
  });

  test('a grant to a ticket that no answer carries within ten seconds is abandoned', () => {
    const world = new World();
    const holder = world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    const next = world.acquire('a', { waitMs: 600_000 });
    world.ask({ kind: 'release', lease: holder.lease });
    world.pass(10_000);
    expect(world.answerTo(next.request)).toBeUndefined();
    world.pass(1);
    expect(heldOf(world.answerTo(next.request)).id).toBe(next.lease);
    expect(world.answerTo(world.ask({ kind: 'renew', lease: ticket.lease }))).toMatchObject({ refusal: { reason: 'abandoned' } });
  });

  test('a follower is told of the grant in the step in which it happens', () => {
    const world = new World();
    const holder = world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    const follow = world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 100_000 });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(follow)).id).toBe(ticket.lease);
    world.pass(20_000);
    expect(heldOf(world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }))).id).toBe(ticket.lease);
  });

  test('a ticket survives a restart with its place', () => {
    const world = new World();
    const holder = world.acquire('a');
    world.carry(holder.request);
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    world.restart();
    const late = world.acquire('a', { waitMs: 600_000 });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }))).id).toBe(ticket.lease);
    expect(world.answerTo(late.request)).toBeUndefined();
  });

  test('leaving a ticket ends it as released', () => {
    const world = new World();
    world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    world.ask({ kind: 'release', lease: ticket.lease });
    expect(world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }))).toMatchObject({ view: { lease: { state: 'released' } } });
    expect(world.state.leaseIndex.waiters).toBe(0);
  });
});

describe('an orderly stop', () => {
  test('waiters are told, places with a key are kept for the next start, releases are served', () => {
    const world = new World();
    const holder = world.acquire('a');
    world.carry(holder.request);
    const plain = world.acquire('a', { waitMs: 60_000 });
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.report({ kind: 'drain' });
    expect([plain, keyed].map(({ request }) => codeOf(world.answerTo(request)))).toEqual(['shutting_down', 'shutting_down']);
    expect(codeOf(world.answerTo(world.acquire('b').request))).toBe('shutting_down');
    world.pass(9_000);
    expect(codeOf(world.answerTo(world.ask({ kind: 'renew', lease: holder.lease })))).toBe('lease');
    world.restart();
    const retry = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(heldOf(world.answerTo(retry.request)).id).toBe(keyed.lease);
  });
});

describe('an answer that was on its way', () => {
  test('a hang-up while waiting answers the request, so that nothing of it stays', () => {
    const world = new World();
    world.acquire('a');
    const waiter = world.acquire('a', { waitMs: 10_000 });
    world.hangUp(waiter.request);
    expect(world.answerTo(waiter.request)).toEqual({ kind: 'hungUp' });
    expect([world.state.leaseIndex.listenersOf(waiter.lease).length, world.state.leaseIndex.waiters]).toEqual([0, 0]);
  });

  test.each([
    ['a follower', (world: World, lease: string) => world.ask({ kind: 'readLease', lease, waitMs: 60_000 }), false],
    ['a reading', (world: World, lease: string) => world.ask({ kind: 'readLease', lease, waitMs: 0 }), true],
    ['a renewal', (world: World, lease: string) => world.ask({ kind: 'renew', lease }), true],
  ])('%s whose connection closed before the grant of its ticket was written does not keep it', (_who, ask, afterGrant) => {
    const world = new World();
    const holder = world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 600_000, ticket: true });
    const next = world.acquire('a', { waitMs: 600_000 });
    let request = afterGrant ? 0 : ask(world, ticket.lease);
    world.ask({ kind: 'release', lease: holder.lease });
    if (afterGrant) request = ask(world, ticket.lease);
    expect(world.answerTo(request)).toMatchObject({ kind: 'lease', grant: 'shared' });
    world.hangUp(request);
    world.pass(10_001);
    expect(heldOf(world.answerTo(next.request)).id).toBe(next.lease);
  });

  test.each([
    ['a follower', (world: World, lease: string, free: () => void) => { const request = world.ask({ kind: 'readLease', lease, waitMs: 60_000 }); free(); return request; }],
    ['a reading', (world: World, lease: string, free: () => void) => { free(); return world.ask({ kind: 'readLease', lease, waitMs: 0 }); }],
  ])('the grant of a ticket that %s did not take away is abandoned after a restart too', (_who, ask) => {
    const world = new World();
    const holder = world.acquire('a');
    const ticket = world.acquire('a', { ttlMs: 600_000, waitMs: 600_000, ticket: true });
    const request = ask(world, ticket.lease, () => world.ask({ kind: 'release', lease: holder.lease }));
    world.hangUp(request);
    world.restart();
    world.pass(10_001);
    expect(heldOf(world.answerTo(world.acquire('a').request)).state).toBe('held');
  });

  test('a ticket that has timed out is lost to its key too, and a retry makes no second one', () => {
    const world = new World();
    world.acquire('a');
    const ticket = world.acquire('a', { waitMs: 500, ticket: true, key: 'k' });
    world.pass(501);
    expect(world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }))).toMatchObject({ view: { lease: { state: 'timed_out' } } });
    expect(world.answerTo(world.acquire('a', { waitMs: 500, ticket: true, key: 'k' }).request)).toMatchObject({ refusal: { code: 'lease_lost', reason: 'timed_out' } });
  });
});

describe('an orderly stop and the start after it', () => {
  test('a grant that nobody carried ends during the stop too', () => {
    const world = new World();
    const holder = world.acquire('a');
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.hangUp(keyed.request);
    world.ask({ kind: 'release', lease: holder.lease });
    world.report({ kind: 'drain' });
    world.pass(5_001);
    expect(world.state.leaseIndex.holders).toBe(0);
  });

  test('a lock that comes free during the stop waits for the start, and then for who comes back', () => {
    const world = new World();
    const holder = world.acquire('a');
    world.carry(holder.request);
    const gone = world.acquire('a', { waitMs: 60_000, key: 'gone' });
    const back = world.acquire('a', { waitMs: 60_000, key: 'back' });
    world.report({ kind: 'drain' });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(world.state.leaseIndex.holders).toBe(0);
    world.restart();
    const retry = world.acquire('a', { waitMs: 60_000, key: 'back' });
    world.pass(5_001);
    expect(heldOf(world.answerTo(retry.request)).id).toBe(back.lease);
    expect(world.state.leases.get(gone.lease)).toBeUndefined();
  });

  test('what clients are promised after a start counts from the moment in which the port is open', () => {
    const world = new World();
    const short = world.acquire('a', { ttlMs: 2_000 });
    world.carry(short.request);
    const keyed = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.restart(8_000);
    world.pass(1_999);
    const retry = world.acquire('a', { waitMs: 60_000, key: 'k' });
    expect(heldOf(world.answerTo(world.ask({ kind: 'renew', lease: short.lease }))).id).toBe(short.lease);
    world.ask({ kind: 'release', lease: short.lease });
    expect(heldOf(world.answerTo(retry.request)).id).toBe(keyed.lease);
  });
});
