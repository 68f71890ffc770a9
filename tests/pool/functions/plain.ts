// Functions that behave: what they are given, and what they give.

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
