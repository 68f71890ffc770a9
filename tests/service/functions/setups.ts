// Initializers, and task functions that show what a setup left in their thread.

import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import type { Context } from '../task.ts';

let remembered: unknown = 'nothing';

/** An initializer: keeps a value for the tasks of its thread, and notes that it ran. */
export function remember(context: Context, value: unknown, noteIn?: string): void {
  remembered = value;
  if (noteIn !== undefined) appendFileSync(noteIn, `${threadId} ${'index' in context}\n`);
}

export async function recall(_context: Context): Promise<unknown> {
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  return remembered;
}

export function readGlobal(_context: Context, name: string): unknown {
  return Reflect.get(globalThis, name) ?? 'absent';
}

/** Leaves a mark on the thread that no other batch may find if it has a setup of its own. */
export function taint(_context: Context, value: unknown): void {
  Reflect.set(globalThis, 'taint', value);
}
