// An abort that comes between two turns of a thread's loop, when no item runs.

import { expect, test } from 'vitest';
import { AT_ONCE } from '../../src/pool/messages.ts';
import { Calls } from '../../src/pool/calls.ts';
import type { PostFromThread } from '../../src/pool/messages.ts';
import { TaskLocks } from '../../src/pool/task-locks.ts';

/** Longer than calls may take before the loop turns. */
const CALL_MS = 4;

function busy(): void {
  for (const until = performance.now() + CALL_MS; performance.now() < until;);
}

test('a stop that is told while no item runs is told to the next, of which nothing is called', async () => {
  const called: unknown[] = [];
  const posted: Parameters<PostFromThread>[0][] = [];
  const over = Promise.withResolvers<void>();
  const slow = (_context: unknown, item: unknown): void => {
    called.push(item);
    busy();
  };
  const main = { post: ((message) => { posted.push(message); }) satisfies PostFromThread, hear: () => {}, await: () => { over.resolve(); }, claim: () => true };
  const calls = new Calls(new Map([['slow', slow]]), new TaskLocks(main.post, () => {}), main);
  calls.run({ kind: 'run', batch: 'bat_1', function: 'slow', call: 'map', attempt: 1, payloadFirst: 0, first: 0, end: 50, number: AT_ONCE, items: JSON.stringify(Array.from({ length: 50 }, (_, n) => n)) });
  setTimeout(() => { calls.abort('bat_1', 'cancelled'); }, CALL_MS);
  await over.promise;
  const results = posted.filter((message) => typeof message === 'object' && message.kind === 'itemSettled');
  expect(results.length).toBeLessThan(50);
  expect(results.at(-1)).toMatchObject({ index: called.length, error: { code: 'cancelled' } });
});
