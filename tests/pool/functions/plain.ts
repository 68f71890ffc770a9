// Functions that behave: what they are given, and what they give.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { SetupContext, TaskContext } from '../../../src/pool/context.ts';

let initializedWith: unknown;

export const echo = (_context: TaskContext, item: unknown): unknown => item;
echo.description = 'Gives back its item.';

export const add = async (_context: TaskContext, a: number, b: number): Promise<number> => a + b;

export function countArguments(_context: TaskContext, ...args: unknown[]): number {
  return args.length;
}

export function describeContext(context: TaskContext): unknown {
  return { batch: context.batch, index: context.index, attempt: context.attempt, aborted: context.signal.aborted };
}

export function initialize(context: SetupContext, ...args: unknown[]): void {
  initializedWith = { batch: context.batch, args, hasIndex: 'index' in context };
}

export function readInitialized(): unknown {
  return initializedWith;
}

export function failToInitialize(): never {
  console.log('about to fail');
  throw new Error('no such database');
}

export function readGlobal(_context: TaskContext, name: string): unknown {
  return Reflect.get(globalThis, name);
}

export function readEnvironment(): unknown {
  return Object.keys(process.env).filter((name) => name.startsWith('HOLDFAST_') || name === 'POOL_TEST_PLAIN');
}

export function readArguments(): unknown {
  return process.argv.slice(2);
}

export class NotAFunction {
  readonly kind = 'class';
}

export const constant = 1;

const entered = new AsyncLocalStorage<number>();

/** Enters an asynchronous context of its own, and tells the one that it found. */
export function enterContext(_context: TaskContext, number: number): number | null {
  const found = entered.getStore() ?? null;
  entered.enterWith(number);
  return found;
}

let ticks = 0;

/** The first leaves a timer behind; each works for a moment and tells how often the timer has had its turn. */
export function workBesideTimer(context: TaskContext, workMs: number): number {
  if (context.index === 0) setInterval(() => { ticks += 1; }, 1);
  const end = performance.now() + workMs;
  while (performance.now() < end) Math.sqrt(2);
  return ticks;
}
