// Functions that fail, or take their thread with them, as their item says.

import { createHook } from 'node:async_hooks';
import type { TaskContext } from '../../../src/pool/context.ts';

class Coded extends Error {
  readonly code = 'E_FULL';
  override readonly name = 'StorageError';
}

function chain(length: number): Error {
  let error = new Error('cause 0');
  for (let link = 1; link < length; link += 1) error = new Error(`cause ${link}`, { cause: error });
  return error;
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  error: () => new TypeError('no such column'),
  coded: () => new Coded('the disk is full', { cause: new Error('write failed') }),
  causeCycle: () => { const error = new Error('round'); error.cause = error; return error; },
  causes: () => chain(1_000),
  string: () => 'just text',
  undefined: () => undefined,
  null: () => null,
  object: () => ({ status: 500 }),
  function: () => () => 0,
  getter: () => ({ get message() { throw new Error('no'); }, get stack() { throw new Error('no'); } }),
  proxy: () => new Proxy(new Error('behind'), { get: () => { throw new Error('no'); }, getPrototypeOf: () => { throw new Error('no'); } }),
  long: () => Object.assign(new Error('m'.repeat(100_000)), { name: 'n'.repeat(1_000), code: 'c'.repeat(1_000) }),
};

export function throwThis(_context: TaskContext, name: string): never {
  throw THROWN[name]?.();
}

export async function rejectWith(_context: TaskContext, message: string): Promise<never> {
  await Promise.resolve();
  throw new Error(message);
}

/** Asks for a lock named `begun`, so that a test can wait for the moment. */
export function endThread(context: TaskContext, way: string): unknown {
  console.log(`ending by ${way}`);
  void context.lock('begun').acquire();
  return WAYS[way]?.();
}

const forever = (): Promise<never> => new Promise(() => { createHook({}).disable(); });

const WAYS: Readonly<Record<string, () => unknown>> = {
  nothing: () => 'still here',
  exit: () => process.exit(3),
  exitLater: () => { setTimeout(() => process.exit(0), 5); return forever(); },
  rejection: () => { void Promise.reject(new Error('nobody waits')); return forever(); },
  rejectionAndReturn: () => { void Promise.reject(new Error('nobody waits')); return 1; },
  rejectionOfNothing: () => { void Promise.reject(undefined); return forever(); },
  timer: () => { setTimeout(() => { throw new RangeError('from a timer'); }, 5); return forever(); },
  spin: () => { for (;;) Math.sqrt(2); },
  // oxlint-disable-next-line unicorn/no-new-array, unicorn/no-array-fill-with-reference-type -- the very form that the optimizer unrolls
  unrolledSpin: () => { for (;;) new Array(1_000).fill({}); },
  regexp: () => /^(a+)+$/.test(`${'a'.repeat(60)}!`),
  wait: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  objects: () => { const kept: unknown[] = []; for (;;) kept.push(Array.from({ length: 1_000 }, () => ({}))); },
  // Each is one allocation: what V8's own limit for a thread does not survive.
  longArrays: () => { const kept: unknown[] = []; for (;;) kept.push(Array.from(new Float64Array(4_000_000))); },
  buffers: () => { const kept: unknown[] = []; for (;;) kept.push(Buffer.alloc(4_000_000, 1)); },
};
