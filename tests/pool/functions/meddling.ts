// Functions that meddle with the thread that they share with the pool's own code and with later tasks.

import { MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { HeldLock, SharedLock, TaskContext } from '../../../src/pool/context.ts';

export function lookForPort(): unknown {
  return Object.values(Object(workerData)).some((value) => value instanceof MessagePort || value instanceof SharedArrayBuffer);
}

/** Says through the other port, that every module can have, what no thread says. */
export function useParentPort(): string {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
  for (const said of [null, 7, { kind: 'workerEnded' }]) parentPort?.postMessage(said);
  parentPort?.close();
  return 'said';
}

const nonsense = (): string => 'nonsense';

const PATCHES: Readonly<Record<string, () => void>> = {
  stringify: () => { JSON.stringify = nonsense; },
  parse: () => { JSON.parse = nonsense; },
  now: () => { performance.now = () => Number.NaN; },
  round: () => { Math.round = () => Number.NaN; },
  byteLength: () => { Buffer.byteLength = () => 1e9; },
  push: () => { spoil(Array.prototype, ['push']); },
  maps: () => { spoil(Map.prototype, ['get', 'set', 'has', 'delete', 'forEach', 'values']); },
  promises: () => { Reflect.set(globalThis, 'Promise', nonsense); },
  tries: () => { spoil(Promise, ['try', 'resolve', 'race']); },
  numbers: () => { add(Object.prototype, 'number', () => 'forged'); },
  toJson: () => { add(Object.prototype, 'toJSON', () => 'forged'); },
  atomics: () => { spoil(Atomics, ['load', 'store', 'exchange', 'add', 'compareExchange']); },
  writes: () => { spoil(Buffer.prototype, ['write', 'utf8Write']); },
  posts: () => { spoil(MessagePort.prototype, ['postMessage']); },
  texts: () => { spoil(String.prototype, ['split', 'slice', 'toWellFormed']); },
};

export function patch(_context: TaskContext, what: string): string {
  PATCHES[what]?.();
  return what;
}

function add(target: object, name: string, value: () => string): void {
  Object.defineProperty(target, name, { value });
}

function spoil(target: object, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(target, name, { value: () => { throw new Error('spoiled'); } });
}

/** One ordinary task of somebody else: takes the lock, and gives back what it was given and what the lock said. */
export async function takeAndTell(_context: TaskContext, item: { readonly lock: SharedLock; readonly text: string }): Promise<unknown> {
  await using held = await item.lock.acquire();
  return { text: item.text, fencingToken: held.fencingToken };
}

export function throwPlainly(): never {
  throw new TypeError('plainly');
}

/** The port of the pool: what is listened to keeps a thread alive, and Node tells what does. */
function port(): MessagePort {
  const handles: () => unknown[] = Reflect.get(process, '_getActiveHandles');
  const found = handles().find((handle) => handle instanceof MessagePort);
  if (found === undefined) throw new Error('no port keeps the thread alive');
  return found;
}

const SAID: Readonly<Record<string, unknown>> = {
  nothing: null,
  number: 7,
  list: ['itemSettled'],
  unknownKind: { kind: 'workerEnded', message: 'a lie', logs: '' },
  inheritedKind: { kind: 'constructor' },
  brokenItem: { kind: 'itemSettled', index: 0, value: { not: 'text' }, durationMs: 1 },
  brokenError: { kind: 'itemSettled', index: 0, error: { name: 'Error' }, durationMs: 1 },
  brokenLock: { kind: 'taskAcquire', call: 1, scope: 0, lock: 'no name' },
  brokenFunctions: { kind: 'workerReady', functions: [null], broken: [] },
};

export async function sayThroughPort(_context: TaskContext, what: string): Promise<never> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
  port().postMessage(what === 'bare' ? { kind: 'itemSettled', index: 0, value: '1', durationMs: 1 } : { after: 0, said: SAID[what] });
  return forever();
}

export function sayItemSettled(_context: TaskContext, index: number): Promise<never> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
  port().postMessage({ after: 0, said: { kind: 'itemSettled', index, value: '1', durationMs: Number.NaN } });
  return forever();
}

/** Returns, and closes the port when its thread is idle; a timer keeps the thread alive. */
export function closePortLater(): void {
  setInterval(() => undefined, 1_000);
  setTimeout(() => port().close(), 5);
}

function forever(): Promise<never> {
  return new Promise(() => { setInterval(() => undefined, 1_000); });
}

/** Fills the bound of waiting acquires while it holds a lock, and says how the release went. */
export async function releaseAmongMany(_context: TaskContext, lock: SharedLock, wanted: SharedLock, calls: number): Promise<string> {
  const held = await lock.acquire();
  const refused = new Set<unknown>();
  for (let call = 0; call < calls; call += 1) void wanted.acquire().catch((error: unknown) => refused.add(Reflect.get(Object(error), 'code')));
  await held.release();
  return [...refused].join(' ');
}

let grant: HeldLock | undefined;

export async function giveLock(_context: TaskContext, lock: SharedLock, what: string): Promise<unknown> {
  grant = await lock.acquire();
  return { lock, grant, nested: { rows: [{ lock }, { grant }] } }[what];
}

export function printBytes(_context: TaskContext, bytes: number): void {
  process.stdout.write(Buffer.alloc(bytes, 0xff));
}
