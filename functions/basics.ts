// Small functions to try Holdfast with.

import type { TaskContext } from '../src/pool/context.ts';

export function add(_context: TaskContext, a: number, b: number): number {
  return a + b;
}
add.description = 'Adds two numbers: {"call": "starmap", "items": [[1, 2], [3, 4]]}.';

export function fail(_context: TaskContext, message: unknown): never {
  throw new Error(String(message));
}
fail.description = 'Fails with its argument as the message.';
