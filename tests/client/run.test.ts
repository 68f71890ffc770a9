// Running under a lock, with a service that is well: what the caller gets, and what others see meanwhile.

import { expect, test } from 'vitest';
import { Holdfast, LeaseLostError, NotAcquiredError, Problem } from '@holdfast/client';
import { freshName, sharedService } from '../service/harness.ts';
import { pass, until } from '../service/until.ts';

const service = sharedService();

function connect(): Holdfast {
  return new Holdfast({ url: service.client.http.origin });
}

/** Lets time pass without a turn of the loop. */
function spin(ms: number): void {
  for (const start = performance.now(); performance.now() < start + ms;) Math.sqrt(2);
}

/** Ends when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    return signal.addEventListener('abort', () => { resolve(); });
  });
}

test('run gives what the function returned, and the lock is held with its owner while it runs and free afterwards', async () => {
  const lock = connect().lock(`${freshName('orders')}/42`);
  const token = await lock.run(async ({ fencingToken, signal, assertHeld, lock: name }) => {
    assertHeld();
    expect([name, signal.aborted]).toEqual([lock.name, false]);
    expect(await lock.show()).toMatchObject({ state: 'locked', holders: [{ owner: 'Ana', fencingToken, metadata: { host: 'a' } }] });
    return fencingToken;
  }, { owner: 'Ana', metadata: { host: 'a' } });
  expect(token).toBeGreaterThan(0);
  await expect(lock.show()).rejects.toMatchObject({ name: 'Problem', code: 'lock_not_found', status: 404 });
});

test('a lease is renewed for as long as the function runs', async () => {
  const lock = connect().lock(freshName());
  const ttlMs = 3_000;
  await lock.run(async ({ fencingToken, assertHeld }) => {
    await pass(ttlMs * 2.5);
    assertHeld();
    expect((await lock.show()).holders.map((holder) => holder.fencingToken)).toEqual([fencingToken]);
  }, { ttlMs });
});

test('run rejects with the error of the function, and the lock is free again', async () => {
  const lock = connect().lock(freshName());
  const error = new RangeError('out of paper');
  await expect(lock.run(() => { throw error; })).rejects.toBe(error);
  await expect(lock.show()).rejects.toBeInstanceOf(Problem);
});

test('a lock that is held is not acquired without waiting, and the error says who holds it', async () => {
  const holdfast = connect();
  const lock = holdfast.lock(freshName());
  await using lease = await lock.acquire({ owner: 'Ana' });
  const refused: unknown = await lock.run(() => 'ran', {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(NotAcquiredError);
  expect(refused).toMatchObject({ lock: lock.name, code: 'lock_held', waiters: 0, holders: [{ owner: 'Ana', fencingToken: lease.fencingToken }] });
  expect(String(refused)).toContain('held by Ana');
});

test('who waits gets the lock when it is released, in the order of asking', async () => {
  const lock = connect().lock(freshName());
  const order: string[] = [];
  const first = await lock.acquire();
  const second = lock.run(() => { order.push('second'); }, { waitMs: 60_000, owner: 'second' });
  await service.client.waitersReach(lock.name, 1);
  const third = lock.run(() => { order.push('third'); }, { waitMs: 60_000, owner: 'third' });
  await service.client.waitersReach(lock.name, 2);
  expect((await lock.waiters()).waiters.map(({ owner }) => owner)).toEqual(['second', 'third']);
  await first.release();
  await Promise.all([second, third]);
  expect(order).toEqual(['second', 'third']);
});

test('a wait that is over is told as such, and its place is gone', async () => {
  const lock = connect().lock(freshName());
  await using lease = await lock.acquire();
  await expect(lock.acquire({ waitMs: 100 })).rejects.toMatchObject({ name: 'NotAcquiredError', code: 'wait_timed_out' });
  expect((await lock.show()).waiters).toBe(0);
  lease.assertHeld();
});

test('a holder whose lock is revoked is told by its signal, and run rejects although the function returned', async () => {
  const lock = connect().lock(freshName());
  const running = lock.run(async ({ signal, assertHeld, fencingToken }) => {
    await lock.revoke({ fencingToken, reason: 'the test wants it' });
    await aborted(signal);
    expect(signal.reason).toBeInstanceOf(LeaseLostError);
    expect(assertHeld).toThrow(expect.objectContaining({ reason: 'revoked' }));
    return 'as if nothing had happened';
  }, { ttlMs: 4_500 });
  await expect(running).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'revoked', lock: lock.name });
});

test('what the function threw after the loss is the cause of the loss that run rejects with', async () => {
  const lock = connect().lock(freshName());
  const error = new Error('stopped half-way');
  const running = lock.run(async ({ signal }) => {
    await lock.revoke();
    await aborted(signal);
    throw error;
  }, { ttlMs: 4_500 });
  await expect(running).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'revoked', cause: error });
});

test('an abort by the caller while waiting rejects with its reason, and the place in line is left', async () => {
  const lock = connect().lock(freshName());
  await using lease = await lock.acquire();
  const caller = new AbortController();
  const reason = new Error('changed my mind');
  const waiting = lock.run(() => 'ran', { waitMs: 60_000, signal: caller.signal }).catch((error: unknown) => error);
  await service.client.waitersReach(lock.name, 1);
  caller.abort(reason);
  expect(await waiting).toBe(reason);
  await service.client.waitersReach(lock.name, 0);
  lease.assertHeld();
});

test('an abort by the caller while the function runs tells the function, and the lock stays held until it has ended', async () => {
  const lock = connect().lock(freshName());
  const caller = new AbortController();
  const reason = new Error('stop, please');
  const value = await lock.run(async ({ signal, assertHeld }) => {
    caller.abort(reason);
    await aborted(signal);
    expect(signal.reason).toBe(reason);
    assertHeld();
    return 'ended in order';
  }, { signal: caller.signal });
  expect(value).toBe('ended in order');
  await expect(lock.show()).rejects.toBeInstanceOf(Problem);
});

test('a signal that is aborted already acquires nothing', async () => {
  const lock = connect().lock(freshName());
  const reason = new Error('too late');
  await expect(lock.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(lock.show()).rejects.toBeInstanceOf(Problem);
});

test('await using releases at the end of the block, and assertHeld throws from then on', async () => {
  const lock = connect().lock(freshName());
  const { assertHeld } = await (async () => {
    await using lease = await lock.acquire();
    expect(lease.leftMs).toBeGreaterThan(0);
    return lease;
  })();
  await expect(lock.show()).rejects.toBeInstanceOf(Problem);
  expect(assertHeld).toThrow(expect.objectContaining({ name: 'LeaseLostError', reason: 'released' }));
});

test('a lease that was lost is told at the end of an await using block whose code did not ask', async () => {
  const lock = connect().lock(freshName());
  const block = async (): Promise<string> => {
    await using lease = await lock.acquire({ ttlMs: 4_500 });
    await lock.revoke();
    await aborted(lease.signal);
    return 'as if nothing had happened';
  };
  await expect(block()).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'revoked' });
});

test('releasing twice is like once', async () => {
  const lease = await connect().lock(freshName()).acquire();
  await Promise.all([lease.release(), lease.release()]);
  await expect(lease.release()).resolves.toBeUndefined();
});

test('a release of what was taken away meanwhile rejects with the loss', async () => {
  const lock = connect().lock(freshName());
  const lease = await lock.acquire({ ttlMs: 60_000 });
  await lock.revoke({ fencingToken: lease.fencingToken });
  await expect(lease.release()).rejects.toMatchObject({ reason: 'revoked' });
});

test('work that keeps the loop from turning is refused by assertHeld once its bound has passed, before any timer', async () => {
  const lock = connect().lock(freshName());
  const running = lock.run(({ assertHeld, signal }) => {
    spin(700);
    expect(signal.aborted).toBe(false);
    assertHeld();
  }, { ttlMs: 500 });
  await expect(running).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'expired', cause: undefined });
});

test('work that kept the loop from turning past its bound and returns without asking is told of the loss', async () => {
  const lock = connect().lock(freshName());
  await expect(lock.run(() => { spin(700); }, { ttlMs: 500 })).rejects.toMatchObject({ name: 'LeaseLostError', reason: 'expired' });
});

test('a wall clock that jumps ahead ends a lease at once: early rather than late', async () => {
  const lock = connect().lock(freshName());
  const lease = await lock.acquire({ ttlMs: 60_000 });
  const now = Date.now;
  try {
    Date.now = () => now() + 61_000;
    expect(lease.assertHeld).toThrow(expect.objectContaining({ reason: 'expired' }));
    expect(lease.signal.aborted).toBe(true);
  } finally {
    Date.now = now;
  }
  await expect(lease.release()).rejects.toMatchObject({ reason: 'expired' });
});

test('acquireLease leaves renewing and releasing to the caller', async () => {
  const holdfast = connect();
  const lock = holdfast.lock(freshName());
  const { id, fencingToken } = await lock.acquireLease({ ttlMs: 60_000, owner: 'Ana' });
  const lease = holdfast.lease(id);
  expect(await lease.renew({ ttlMs: 70_000 })).toMatchObject({ state: 'held', ttlMs: 70_000, fencingToken });
  expect(await lease.show()).toMatchObject({ state: 'held', owner: 'Ana' });
  await lease.release();
  await until('it is released', async () => (await lease.show()).state === 'released');
  await expect(lease.renew()).rejects.toMatchObject({ code: 'lease_lost', reason: 'released', status: 410 });
});
