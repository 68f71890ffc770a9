// Rate: how often something happens while it is watched.

import { setTimeout as delay } from 'node:timers/promises';
import type { Span } from './serve.ts';

/** Per second, of a count that only rises. */
export async function perSecond(count: () => number, { warmMs, measureMs }: Span): Promise<number> {
  await delay(warmMs);
  const before = count();
  const began = performance.now();
  await delay(measureMs);
  return (count() - before) / ((performance.now() - began) / 1_000);
}
