// Functions that print.

import type { TaskContext } from '../../../src/pool/context.ts';

console.log('printed while the module loads');

export function print(_context: TaskContext, ...lines: string[]): void {
  for (const line of lines) console.log(line);
}

export function printEverywhere(): void {
  process.stdout.write('out ');
  process.stderr.write(Buffer.from('err '));
  console.error('console %d', 1);
  process.stdout.write('6869', 'hex');
}

/** Asks for a lock named `begun` when everything is printed, so that a test can wait for the moment. */
export function printAndSpin(context: TaskContext): never {
  console.log('before the spin');
  for (let turn = 0; ; turn += 1) {
    if (turn !== 1_000) continue;
    console.log('in the spin');
    void context.lock('begun').acquire();
  }
}

export function printMuch(_context: TaskContext, bytes: number, text: string): void {
  for (let left = bytes; left > 0; left -= text.length * 100) process.stdout.write(text.repeat(100));
}

export function warn(): Promise<void> {
  process.emitWarning('careful');
  return new Promise((resolve) => { setTimeout(resolve, 5); });
}

/** Returns at once, and leaves what is run before the next item begins. */
export function printSoon(_context: TaskContext, text: string): void {
  process.nextTick(() => console.log(`${text} in a tick`));
  void Promise.resolve().then(() => Promise.resolve()).then(() => console.log(`${text} in a promise`));
}

let late: (() => void) | undefined;

/** Leaves code behind that prints when `printLate` runs it, in an item of its own. */
export function leavePrinter(): Promise<void> {
  const left = new Promise<void>((resolve) => { late = resolve; }).then(() => console.log('from an ended item'));
  return Promise.race([left, Promise.resolve()]);
}

export async function printLate(): Promise<void> {
  console.log('mine');
  late?.();
  await new Promise((resolve) => { setTimeout(resolve, 5); });
}
