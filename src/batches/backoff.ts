// Back-off: how long after a failed attempt a delivery is tried again.
//
// Owns the steps and the jitter. Jitter comes from the delivery's own id, so that the same state gives the same time.

import { WEBHOOK_RETRY_AFTER_MS_MAX } from '../limits.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** After the first attempt, the second and so on; the last one holds for all further ones. */
const STEPS_MS = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR] as const;
/** What was owed to one receiver at once is spread over this part of a step, so that it does not come back at once. */
const JITTER = 0.2;

/**
 * Milliseconds from the end of the failed attempt (1 is the first) to the next one. A receiver's `Retry-After` can make
 * it longer, to `WEBHOOK_RETRY_AFTER_MS_MAX`, but not shorter.
 */
export function retryDelayMs(delivery: string, attempt: number, retryAfterMs: number | undefined): number {
  const step = STEPS_MS[attempt - 1] ?? STEPS_MS.at(-1)!;
  const delay = Math.round(step * (1 + JITTER * fraction(`${delivery} ${attempt}`)));
  return Math.max(delay, Math.min(retryAfterMs ?? 0, WEBHOOK_RETRY_AFTER_MS_MAX));
}

/** From 0 to below 1, evenly for texts that differ little: FNV-1a with its bits mixed once more. */
function fraction(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x29_7a_2d_39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
