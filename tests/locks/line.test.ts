import { describe, expect, test } from 'vitest';
import { codeOf, heldOf, World } from './world.ts';

describe('the line of a lock', () => {
  test('a free lock is granted at once, and a second try is refused with the holder', () => {
    const world = new World();
    const first = world.acquire('a', { owner: 'one' });
    expect(heldOf(world.answerTo(first.request)).fencingToken).toBe(1);
    const second = world.acquire('a');
    const reply = world.answerTo(second.request);
    expect(codeOf(reply)).toBe('lock_held');
    expect(reply).toMatchObject({ refusal: { lock: { waiters: 0, holder: { lease: { owner: 'one' } } }, retryAfterMs: 30_000 } });
  });

  test('a released lock goes to the longest-waiting live waiter', () => {
    const world = new World();
    const holder = world.acquire('a');
    const waiters = Array.from({ length: 5 }, () => world.acquire('a', { waitMs: 10_000 }));
    world.report({ kind: 'hangUp', request: waiters[0]!.request });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(codeOf(world.answerTo(waiters[0]!.request))).toBe('hungUp');
    expect(heldOf(world.answerTo(waiters[1]!.request)).id).toBe(waiters[1]!.lease);
    expect(world.answerTo(waiters[2]!.request)).toBeUndefined();
  });

  test('an acquire never passes a waiter, also in the step in which the lock becomes free', () => {
    const world = new World();
    world.acquire('a', { ttlMs: 1_000 });
    const waiter = world.acquire('a', { waitMs: 60_000 });
    world.now += 20_000;
    const late = world.acquire('a');
    expect(heldOf(world.answerTo(waiter.request)).waitedMs).toBe(20_000);
    expect(codeOf(world.answerTo(late.request))).toBe('lock_held');
  });

  test('a wait that is over is refused with wait_timed_out, and the place is gone', () => {
    const world = new World();
    world.acquire('a');
    const waiter = world.acquire('a', { waitMs: 500 });
    world.pass(500);
    expect(world.answerTo(waiter.request)).toBeUndefined();
    world.pass(1);
    expect(codeOf(world.answerTo(waiter.request))).toBe('wait_timed_out');
    expect(world.state.leaseIndex.waiters).toBe(0);
  });

  test('a lock that nobody declared is gone when nobody holds it or waits', () => {
    const world = new World();
    const holder = world.acquire('a');
    world.ask({ kind: 'release', lease: holder.lease });
    expect(codeOf(world.answerTo(world.ask({ kind: 'showLock', name: 'a' })))).toBe('lock_not_found');
    expect(world.state.leaseIndex.names.size).toBe(0);
  });

  test('fencing tokens rise over grants of all locks, over deletes and over restarts', () => {
    const world = new World();
    const tokens: number[] = [];
    for (const lock of ['a', 'b', 'a', 'c', 'a']) {
      const { request, lease } = world.acquire(lock);
      tokens.push(heldOf(world.answerTo(request)).fencingToken);
      world.carry(request);
      world.ask({ kind: 'release', lease });
      if (lock === 'c') world.restart();
    }
    expect(tokens).toEqual(tokens.toSorted((x, y) => x - y));
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe('the end of a lease', () => {
  test('a lease lives through its last millisecond and is gone after it', () => {
    const world = new World();
    world.pass(60_000);
    const { request, lease } = world.acquire('a', { ttlMs: 1_000 });
    world.carry(request);
    world.pass(1_000);
    expect(heldOf(world.answerTo(world.ask({ kind: 'readLease', lease, waitMs: 0 }))).id).toBe(lease);
    world.pass(1);
    const reply = world.answerTo(world.ask({ kind: 'renew', lease }));
    expect(reply).toMatchObject({ refusal: { code: 'lease_lost', reason: 'expired' } });
  });

  test('a renewal that arrived in time wins over everything that comes due behind it', () => {
    const world = new World();
    world.pass(60_000);
    const { request, lease } = world.acquire('a', { ttlMs: 1_000 });
    world.carry(request);
    const waiter = world.acquire('a', { waitMs: 30_000 });
    world.now += 1_000;
    world.ask({ kind: 'renew', lease });
    world.pass(1_000);
    expect(world.answerTo(waiter.request)).toBeUndefined();
  });

  test.each([
    ['released', (world: World, lease: string) => world.ask({ kind: 'release', lease })],
    ['revoked', (world: World) => world.ask({ kind: 'revoke', name: 'a', reason: 'maintenance' })],
    ['expired', (world: World) => world.pass(40_001)],
  ])('a renewal of a lease that was %s is refused with that reason', (reason, end) => {
    const world = new World();
    const { request, lease } = world.acquire('a', { ttlMs: 30_000 });
    world.carry(request);
    end(world, lease);
    expect(world.answerTo(world.ask({ kind: 'renew', lease }))).toMatchObject({ refusal: { code: 'lease_lost', reason } });
    world.pass(600_001);
    expect(codeOf(world.answerTo(world.ask({ kind: 'renew', lease })))).toBe('lease_not_found');
  });

  test('releasing twice is no error, releasing what was lost is', () => {
    const world = new World();
    const first = world.acquire('a');
    world.ask({ kind: 'release', lease: first.lease });
    expect(codeOf(world.answerTo(world.ask({ kind: 'release', lease: first.lease })))).toBe('done');
    const second = world.acquire('a');
    world.ask({ kind: 'revoke', name: 'a' });
    expect(world.answerTo(world.ask({ kind: 'release', lease: second.lease }))).toMatchObject({ refusal: { reason: 'revoked' } });
  });

  test('a revocation with a stale token takes nothing and names the present one', () => {
    const world = new World();
    const { request } = world.acquire('a');
    const token = heldOf(world.answerTo(request)).fencingToken;
    expect(world.answerTo(world.ask({ kind: 'revoke', name: 'a', fencingToken: token + 1 }))).toMatchObject({ refusal: { code: 'lock_held', fencingToken: token } });
    expect(world.answerTo(world.ask({ kind: 'revoke', name: 'a', fencingToken: token }))).toMatchObject({ kind: 'lock', lock: { holder: undefined } });
  });

  test('after a restart a lease has ten seconds left, or its whole time where that is shorter', () => {
    const world = new World();
    const long = world.acquire('a', { ttlMs: 30_000 });
    const short = world.acquire('b', { ttlMs: 2_000 });
    world.pass(1_999);
    world.restart();
    world.pass(2_000);
    expect(heldOf(world.answerTo(world.ask({ kind: 'readLease', lease: short.lease, waitMs: 0 }))).id).toBe(short.lease);
    world.pass(1);
    expect(world.answerTo(world.ask({ kind: 'readLease', lease: short.lease, waitMs: 0 }))).toMatchObject({ view: { lease: { state: 'expired' } } });
    expect(heldOf(world.answerTo(world.ask({ kind: 'readLease', lease: long.lease, waitMs: 0 }))).id).toBe(long.lease);
  });

  test('after a gap that was cut nobody loses a lease before its renewal could be read', () => {
    const world = new World();
    world.pass(60_000);
    const { request, lease } = world.acquire('a', { ttlMs: 1_000 });
    world.carry(request);
    world.now += 1_100;
    world.report({ kind: 'resumed' });
    world.pass(250);
    expect(heldOf(world.answerTo(world.ask({ kind: 'renew', lease }))).id).toBe(lease);
  });

  test('what a client was told after a gap holds after a restart too, however short its time', () => {
    const world = new World();
    world.pass(60_000);
    const { lease } = world.acquire('a', { ttlMs: 100 });
    world.now += 90;
    world.report({ kind: 'resumed' });
    const read = { kind: 'readLease', lease, waitMs: 0 } as const;
    expect(world.answerTo(world.ask(read))).toMatchObject({ view: { endsAt: world.now + 250 } });
    world.restart();
    world.pass(250);
    expect(heldOf(world.answerTo(world.ask(read))).id).toBe(lease);
    world.pass(1);
    expect(world.answerTo(world.ask(read))).toMatchObject({ view: { lease: { state: 'expired' } } });
  });
});
