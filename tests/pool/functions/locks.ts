// Functions that take shared locks.

import type { AcquireOptions, HeldLock, SetupContext, SharedLock, TaskContext } from '../../../src/pool/context.ts';

let initialized: SharedLock | undefined;
let left: SharedLock | undefined;
let later: (() => void) | undefined;

export async function hold(_context: TaskContext, lock: SharedLock, options?: AcquireOptions): Promise<unknown> {
  await using held = await lock.acquire(options);
  return held.fencingToken;
}

export async function holdByName(context: TaskContext, name: string): Promise<unknown> {
  const held = await context.lock(name).acquire();
  await held.release();
  await held.release();
  return held.fencingToken;
}

export async function holdNested(_context: TaskContext, item: { readonly deep: readonly [{ readonly lock: SharedLock }] }): Promise<unknown> {
  return item.deep[0].lock.withLock((held) => held.fencingToken);
}

export async function failUnderLock(_context: TaskContext, lock: SharedLock): Promise<never> {
  return lock.withLock(() => { throw Object.assign(new Error('under the lock'), { code: 'E_WORK' }); });
}

export async function initializeLock(_context: SetupContext, lock: SharedLock): Promise<void> {
  await lock.withLock(() => undefined);
  initialized = lock;
}

export async function holdInitialized(): Promise<unknown> {
  return initialized?.withLock((held) => held.fencingToken);
}

export async function holdGlobal(): Promise<unknown> {
  const lock: SharedLock = Reflect.get(globalThis, 'shared');
  return lock.withLock((held) => held.fencingToken);
}

export async function waitForLoss(context: TaskContext, lock: SharedLock): Promise<unknown> {
  const held = await lock.acquire();
  const reasons = await Promise.all([context.signal, held.signal].map(reasonOf));
  await held[Symbol.asyncDispose]();
  return reasons;
}

/** Waits until it is told to stop, whatever the reason. */
export async function waitForAbort(context: TaskContext): Promise<unknown> {
  return reasonOf(context.signal);
}

/** Goes on after its wait was given up, and gives back the reason when it is told to. */
export async function waitInVain(context: TaskContext, lock: SharedLock): Promise<unknown> {
  const reason: unknown = await lock.acquire().catch((error: unknown) => error);
  await context.lock('after').acquire();
  return { code: Reflect.get(Object(reason), 'code'), aborted: context.signal.aborted };
}

export async function releaseTwice(_context: TaskContext, lock: SharedLock): Promise<unknown> {
  const held = await lock.acquire();
  return Promise.allSettled([held.release(), held.release()]).then((ends) => ends.map((end) => end.status));
}

export async function acquireWrongly(_context: TaskContext, lock: SharedLock): Promise<unknown> {
  const wrong: AcquireOptions[] = [{ ttlMs: 99 }, { ttlMs: 1.5 }, { waitMs: -1 }, JSON.parse('{"waitMs": "1"}')];
  return Promise.all(wrong.map((options) => lock.acquire(options).then(String, String)));
}

export function nameWrongly(context: TaskContext, name: string): unknown {
  return context.lock(name).name;
}

export async function flood(_context: TaskContext, lock: SharedLock, calls: number): Promise<unknown> {
  const refusals: unknown[] = [];
  for (let call = 0; call < calls; call += 1) void lock.acquire().catch((error: unknown) => refusals.push(Reflect.get(Object(error), 'code')));
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  return refusals.length;
}

/** Leaves code behind that takes the lock when `runLeft` says so, in an item of its own. */
export function leave(_context: TaskContext, lock: SharedLock): void {
  left = lock;
  outcome = new Promise<void>((resolve) => { later = resolve; }).then(() => left?.acquire()).then(() => 'acquired', (error: unknown) => error);
}

let outcome: Promise<unknown> = Promise.resolve('nothing was left');

export async function runLeft(): Promise<unknown> {
  later?.();
  const error = await outcome;
  return { code: Reflect.get(Object(error), 'code'), message: Reflect.get(Object(error), 'message') };
}

let kept: HeldLock | undefined;

export async function keep(_context: TaskContext, lock: SharedLock): Promise<void> {
  kept = await lock.acquire();
}

export async function releaseKept(): Promise<string> {
  await kept?.release();
  return 'released';
}

function reasonOf(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const tell = (): void => resolve({ code: Reflect.get(Object(signal.reason), 'code'), message: Reflect.get(Object(signal.reason), 'message') });
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell);
  });
}
