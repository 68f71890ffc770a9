// Task functions that behave: they answer, tell who they are, print, or wait until the test lets them go.

import { appendFile, access } from 'node:fs/promises';
import type { Context } from '../task.ts';

/** Returns what it was given. */
export function echo(_context: Context, value: unknown): unknown {
  return value;
}

export function add(_context: Context, left: number, right: number): number {
  return left + right;
}

export function countArguments(_context: Context, ...args: readonly unknown[]): number {
  return args.length;
}

export function whoAmI({ batch, index, attempt }: Context): object {
  return { batch, index, attempt };
}

export function nothing(): void {
  // Returns undefined, on purpose.
}

export function prints(_context: Context, text: string, times: number): number {
  for (let line = 0; line < times; line += 1) console.log(text);
  process.stdout.write('written to standard output\n');
  console.error('written to standard error');
  return times;
}

/** Appends a line to `noteIn`, then ends when the file `until` is there. */
export async function gate(context: Context, { noteIn, until }: { readonly noteIn?: string; readonly until?: string }): Promise<number> {
  if (noteIn !== undefined) await appendFile(noteIn, `${context.index}:${context.attempt}\n`);
  if (until !== undefined) await appears(until);
  return context.attempt;
}

/** Ends by itself when it is told to stop, and notes that it was. */
export async function obedient(context: Context, noteIn: string): Promise<string> {
  await appendFile(noteIn, 'started\n');
  while (!context.signal.aborted) await pause(5);
  await appendFile(noteIn, 'told\n');
  return 'ended by itself';
}

async function appears(file: string): Promise<void> {
  while (!await access(file).then(() => true, () => false)) await pause(5);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

export async function sleep(_context: Context, ms: number): Promise<number> {
  await pause(ms);
  return ms;
}

/** Returns a text of so many characters. */
export function large(_context: Context, characters: number): string {
  return 'v'.repeat(characters);
}

/** Ends when the file `until` is there, by throwing. */
export async function gateThenThrow(_context: Context, { until, message }: { readonly until?: string; readonly message: string }): Promise<never> {
  if (until !== undefined) await appears(until);
  throw new Error(message);
}
