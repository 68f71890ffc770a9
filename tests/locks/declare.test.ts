import { describe, expect, test } from 'vitest';
import { DECLARED_LOCKS_MAX, LIVE_LEASES_MAX } from '../../src/limits.ts';
import { codeOf, heldOf, replyOf, World } from './world.ts';

const declaration = (name: string, description = '') => ({ name, kind: 'mutex', description, labels: {} }) as const;

function list(world: World, options: { prefix?: string; limit?: number; cursor?: string; state?: 'locked' | 'unlocked' } = {}) {
  const reply = replyOf(world.answerTo(world.ask({ kind: 'listLocks', prefix: '', limit: 100, ...options })), 'locks');
  return { names: reply.locks.map((lock) => lock.name), nextCursor: reply.nextCursor };
}

describe('declaring', () => {
  test('a lock is declared once; a second declaration is refused, a put replaces it', () => {
    const world = new World();
    expect(world.answerTo(world.ask({ kind: 'createLock', lock: declaration('a') }))).toMatchObject({ kind: 'lock', created: true });
    expect(codeOf(world.answerTo(world.ask({ kind: 'createLock', lock: declaration('a') })))).toBe('lock_exists');
    expect(world.answerTo(world.ask({ kind: 'putLock', lock: declaration('a', 'changed') }))).toMatchObject({ created: false, lock: { declared: { description: 'changed' } } });
  });

  test('a declared lock outlives its holders and restarts, and goes when it is deleted', () => {
    const world = new World();
    world.ask({ kind: 'createLock', lock: declaration('a') });
    const holder = world.acquire('a');
    expect(codeOf(world.answerTo(world.ask({ kind: 'deleteLock', name: 'a' })))).toBe('lock_held');
    world.ask({ kind: 'release', lease: holder.lease });
    world.restart();
    expect(world.answerTo(world.ask({ kind: 'showLock', name: 'a' }))).toMatchObject({ lock: { name: 'a', holder: undefined } });
    expect(codeOf(world.answerTo(world.ask({ kind: 'deleteLock', name: 'a' })))).toBe('done');
    expect(codeOf(world.answerTo(world.ask({ kind: 'showLock', name: 'a' })))).toBe('lock_not_found');
  });

  test('a retry with its key gets the lock as it is, and after a deletion declares it anew', () => {
    const world = new World();
    const create = () => world.answerTo(world.ask({ kind: 'createLock', lock: declaration('a', 'first'), key: { id: 'k', fingerprint: 'f' } }));
    create();
    world.ask({ kind: 'putLock', lock: declaration('a', 'second') });
    expect(create()).toMatchObject({ created: true, lock: { declared: { description: 'second' } } });
    world.ask({ kind: 'deleteLock', name: 'a' });
    expect(create()).toMatchObject({ created: true, lock: { declared: { description: 'first' } } });
  });
});

describe('listing', () => {
  test('names come in order, by prefix, page by page, each once', () => {
    const world = new World(false);
    const names = Array.from({ length: 1_500 }, (_, i) => `orders/${String((i * 7_919) % 1_500).padStart(4, '0')}`);
    for (const name of [...names, 'a', 'z']) world.ask({ kind: 'createLock', lock: declaration(name) });
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = list(world, { prefix: 'orders/', limit: 400, ...(cursor !== undefined && { cursor }) });
      listed.push(...page.names);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(listed).toEqual(names.toSorted());
  });

  test('a page that ends exactly with the last name has no cursor', () => {
    const world = new World();
    for (const name of ['a', 'b']) world.ask({ kind: 'createLock', lock: declaration(name) });
    expect(list(world, { limit: 2 })).toEqual({ names: ['a', 'b'], nextCursor: undefined });
    expect(list(world, { limit: 1 })).toEqual({ names: ['a'], nextCursor: 'a' });
  });

  test('a filter by state shows held locks, undeclared ones too', () => {
    const world = new World();
    world.ask({ kind: 'createLock', lock: declaration('free') });
    world.acquire('held');
    expect(list(world, { state: 'locked' }).names).toEqual(['held']);
    expect(list(world, { state: 'unlocked' }).names).toEqual(['free']);
  });

  test('a cursor of another prefix is refused', () => {
    const world = new World();
    expect(codeOf(world.answerTo(world.ask({ kind: 'listLocks', prefix: 'a', cursor: 'b', limit: 1 })))).toBe('cursor_invalid');
  });

  test('the line is shown in order with positions, page by page', () => {
    const world = new World();
    world.acquire('a');
    for (let i = 0; i < 5; i++) world.acquire('a', { waitMs: 60_000, owner: `w${i}` });
    const first = replyOf(world.answerTo(world.ask({ kind: 'listWaiters', name: 'a', limit: 3 })), 'waiters');
    const second = replyOf(world.answerTo(world.ask({ kind: 'listWaiters', name: 'a', limit: 3, cursor: first.nextCursor })), 'waiters');
    const shown = [...first.waiters, ...second.waiters].map(({ position, lease }) => [position, lease.owner]);
    expect(shown).toEqual([[1, 'w0'], [2, 'w1'], [3, 'w2'], [4, 'w3'], [5, 'w4']]);
    expect(second.nextCursor).toBeUndefined();
  });
});

describe('forgetting', () => {
  test('a hundred thousand ended leases are kept, and the oldest goes first', () => {
    const world = new World(false);
    const first = world.acquire('a');
    world.ask({ kind: 'release', lease: first.lease });
    for (let i = 0; i < 100_000; i++) world.ask({ kind: 'release', lease: world.acquire('a').lease });
    expect(world.state.leases.size).toBe(100_000);
    expect(codeOf(world.answerTo(world.ask({ kind: 'release', lease: first.lease })))).toBe('lease_not_found');
  });

  test('the key of a lease that lives is never dropped', () => {
    const world = new World();
    const { request, lease } = world.acquire('a', { key: 'k', ttlMs: 86_400_000 });
    world.carry(request);
    for (let day = 0; day < 3; day++) {
      world.pass(80_000_000);
      world.ask({ kind: 'renew', lease });
    }
    expect(heldOf(world.answerTo(world.acquire('a', { key: 'k' }).request)).id).toBe(lease);
  });
});

describe('bounds', () => {
  test('a declaration beyond what the service keeps is refused, and one of a lock that is there is not', () => {
    const world = new World(false);
    world.ask({ kind: 'putLock', lock: declaration('a') });
    Object.defineProperty(world.state.locks, 'size', { get: () => DECLARED_LOCKS_MAX });
    expect(codeOf(world.answerTo(world.ask({ kind: 'createLock', lock: declaration('b') })))).toBe('too_many_locks');
    expect(codeOf(world.answerTo(world.ask({ kind: 'putLock', lock: declaration('b') })))).toBe('too_many_locks');
    expect(codeOf(world.answerTo(world.ask({ kind: 'putLock', lock: declaration('a', 'changed') })))).toBe('lock');
    expect(codeOf(world.answerTo(world.ask({ kind: 'showLock', name: 'b' })))).toBe('lock_not_found');
  });

  test('an acquire beyond what the service keeps is refused until a lease ends', () => {
    const world = new World(false);
    const { lease } = world.acquire('a');
    world.state.leaseIndex.clientLeases += LIVE_LEASES_MAX - 1;
    expect(codeOf(world.answerTo(world.acquire('b').request))).toBe('too_many_leases');
    expect(codeOf(world.answerTo(world.acquire('a', { waitMs: 1_000 }).request))).toBe('too_many_leases');
    world.ask({ kind: 'release', lease });
    expect(heldOf(world.answerTo(world.acquire('b').request)).lock).toBe('b');
  });
});
