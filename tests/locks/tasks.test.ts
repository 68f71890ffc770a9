import { describe, expect, test } from 'vitest';
import { TASK_LEASES_MAX } from '../../src/limits.ts';
import { endScope } from '../../src/locks/tasks.ts';
import type { LockAnswer } from '../../src/state/effects.ts';
import { heldOf, World } from './world.ts';

/** A worker that runs item 0, as the batch rules would have put it. */
function runItem(world: World, worker: number): void {
  world.state.workers.put({ worker, state: 'running', chunk: 'c', item: 0, end: 1, since: world.now });
}

function lockAnswers(world: World, worker: number): LockAnswer[] {
  return world.effects.flatMap((effect) => (effect.kind === 'answerLock' && effect.worker === worker ? [effect.answer] : []));
}

const ask = (worker: number, lock: string, waitMs?: number) =>
  ({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock, waitMs }) as const;

describe('locks of tasks', () => {
  test('tasks and clients stand in one line, first come first served', () => {
    const world = new World();
    runItem(world, 1);
    const holder = world.acquire('a');
    world.report(ask(1, 'a'));
    const client = world.acquire('a', { waitMs: 60_000 });
    world.ask({ kind: 'release', lease: holder.lease });
    expect(lockAnswers(world, 1)).toMatchObject([{ kind: 'granted' }]);
    expect(world.answerTo(client.request)).toBeUndefined();
    const [granted] = lockAnswers(world, 1);
    if (granted?.kind !== 'granted') throw new Error('the task was not granted the lock');
    world.report({ kind: 'taskRelease', worker: 1, lock: 'a', fencingToken: granted.fencingToken });
    expect(heldOf(world.answerTo(client.request)).id).toBe(client.lease);
  });

  test('a task that holds a lock keeps it for as long as it runs', () => {
    const world = new World();
    runItem(world, 1);
    world.report(ask(1, 'a'));
    world.pass(3_600_000);
    expect(world.answerTo(world.ask({ kind: 'showLock', name: 'a' }))).toMatchObject({ lock: { holder: { endsAt: undefined } } });
  });

  test('what a task holds or waits for at its end is released in that step', () => {
    const world = new World();
    runItem(world, 1);
    runItem(world, 2);
    world.report(ask(1, 'a'));
    world.report(ask(2, 'b'));
    world.report(ask(1, 'b'));
    world.report(ask(2, 'a'));
    endScope({ state: world.state, now: world.now, wall: 0, answers: [], orders: [], facts: [] }, 1);
    expect(world.state.leaseIndex.holders).toBe(2);
    expect(world.state.leaseIndex.waiters).toBe(0);
    expect(world.state.leaseIndex.leasesOf(1).size).toBe(0);
  });

  test('after a restart no lease of a task stands in anyone\'s way', () => {
    const world = new World();
    runItem(world, 1);
    world.report(ask(1, 'a'));
    const client = world.acquire('a', { waitMs: 60_000, key: 'k' });
    world.restart();
    const retry = world.acquire('a', { waitMs: 60_000, key: 'k' });
    expect(heldOf(world.answerTo(retry.request)).id).toBe(client.lease);
  });

  test.each([
    ['lock_held', 0, 0],
    ['wait_timed_out', 500, 501],
  ])('a task that waits %s for %i ms is refused', (code, waitMs, passMs) => {
    const world = new World();
    runItem(world, 1);
    world.acquire('a');
    world.report(ask(1, 'a', waitMs));
    world.pass(passMs);
    expect(lockAnswers(world, 1)).toMatchObject([{ kind: 'refused', code }]);
  });

  test('a question that comes from a task that has ended is refused', () => {
    const world = new World();
    runItem(world, 1);
    world.report({ ...ask(1, 'a'), scope: 7 });
    expect(lockAnswers(world, 1)).toMatchObject([{ kind: 'refused', code: 'task_ended' }]);
    expect(world.state.leaseIndex.lines.size).toBe(0);
  });

  test('a task holds or waits for so many locks at most', () => {
    const world = new World(false);
    runItem(world, 1);
    for (let n = 0; n <= TASK_LEASES_MAX; n++) world.report(ask(1, `lock-${n}`));
    expect(lockAnswers(world, 1).at(-1)).toMatchObject({ kind: 'refused', code: 'too_many_leases' });
    expect(world.state.leaseIndex.leasesOf(1).size).toBe(TASK_LEASES_MAX);
  });

  test('a task whose lock is revoked is told, and the lock passes on at once', () => {
    const world = new World();
    runItem(world, 1);
    world.report(ask(1, 'a'));
    const client = world.acquire('a', { waitMs: 60_000 });
    world.ask({ kind: 'revoke', name: 'a', reason: 'maintenance' });
    expect(world.effects).toContainEqual(expect.objectContaining({ kind: 'loseLock', worker: 1, reason: 'maintenance' }));
    expect(world.state.workers.get('1')?.lockLost).toBe('a');
    expect(heldOf(world.answerTo(client.request)).id).toBe(client.lease);
  });
});
