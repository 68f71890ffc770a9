// Retry: whether and when a request is sent again.
//
// Owns the pauses. What is sent again does nothing twice: the caller saw to that with an `Idempotency-Key`, or the
// request says what is to be and not what is to be done.
//   R1. A pause is never shorter than the service asked for, and many clients do not come back at one moment.
//   R2. Where the pause would outlast the time that is left, there is none: the caller hears of the failure now.

import { Problem, UnreachableError } from './errors.ts';
import { sinceMs, type Moment } from './moment.ts';
import { pause } from './timers.ts';

const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2_000;
/** A moment that was named by the service is passed by up to this part of it. */
const SPREAD = 0.1;
/** Answers that say "not now" rather than "no". */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);
/** Answers of whoever asked the service for us and does not know either, or of a service in trouble. */
const AMBIGUOUS: ReadonlySet<number> = new Set([408, 500, 502, 504]);

export interface Persistence {
  readonly since: Moment;
  /** How long, from then, the request is tried again. */
  readonly forMs: number;
  /** Called off by this. */
  readonly signal?: AbortSignal | undefined;
  /** Which failures are worth another try. */
  readonly mayRetry?: (error: Problem | UnreachableError) => boolean;
}

/** The first answer, or the last failure. */
export async function persistently<T>(attempt: () => Promise<T>, persistence: Persistence): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const pauseMs = pauseBeforeRetry(error, failures, persistence);
      if (pauseMs === undefined || sinceMs(persistence.since) + pauseMs > persistence.forMs) throw error;
      await pause(pauseMs, persistence.signal);
    }
  }
}

function pauseBeforeRetry(error: unknown, failures: number, { mayRetry = isPassing }: Persistence): number | undefined {
  if (!(error instanceof Problem || error instanceof UnreachableError) || !mayRetry(error)) return undefined;
  return Math.max(backoffMs(failures), error instanceof Problem ? askedMs(error) : 0);
}

/** Whether the failure says nothing about the request itself. */
export function isPassing(error: Problem | UnreachableError): boolean {
  return error instanceof UnreachableError || PASSING.has(error.status);
}

/** Whether the request may have had its effect although it failed. */
export function isAmbiguous(error: Problem | UnreachableError): boolean {
  return error instanceof UnreachableError || AMBIGUOUS.has(error.status);
}

function backoffMs(failures: number): number {
  const most = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (failures + 1));
  return most * (0.5 + Math.random() / 2);
}

/** (R1) */
function askedMs({ retryAfterMs = 0 }: Problem): number {
  return retryAfterMs * (1 + Math.random() * SPREAD);
}
