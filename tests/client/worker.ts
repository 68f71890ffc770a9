// Worker: a program that works under the lock `<name>` of the service at `<url>` until the lease is lost or standard
// input ends.
//
// Writes `step <ms>` for each step that it took, the moment being read before the check, by the clock that all processes
// of a machine share; at the end `ended <reason>`, the loss's or `in order`. Its exit code is 0 unless something was left
// unhandled.

import { setTimeout as delay } from 'node:timers/promises';
import { Holdfast, LeaseLostError, type Held } from '@holdfast/client';
import { sharedNow } from '../../verify/histories/shared-clock.ts';

const STEP_MS = 5;
const [url = '', name = '', ttlMs = ''] = process.argv.slice(2);
const over = new AbortController();
process.stdin.on('end', () => { over.abort(); }).resume();

async function work({ assertHeld }: Held): Promise<void> {
  while (!over.signal.aborted) {
    const at = sharedNow();
    assertHeld();
    process.stdout.write(`step ${at}\n`);
    await delay(STEP_MS);
  }
}

try {
  await new Holdfast({ url }).lock(name).run(work, { ttlMs: Number(ttlMs) });
  process.stdout.write('ended in order\n');
} catch (error) {
  if (!(error instanceof LeaseLostError)) throw error;
  process.stdout.write(`ended ${error.reason}\n`);
}
process.stdin.destroy();
