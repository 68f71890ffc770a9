// Outcome: what an attempt's end means.
//
// Owns the reading of statuses, of Retry-After and of errors. Does not own what follows from it (the machine's).
//   O1. The status alone decides, whatever becomes of the body behind it.
//   O2. A text that leaves here is made of our own words, a status or an error's code: nothing that a receiver wrote, no
//       address and no URL.

import { errors } from 'undici';
import { WEBHOOK_RETRY_AFTER_MS_MAX } from '../limits.ts';
import type { DeliveryReport } from '../state/inputs.ts';
import { AddressNotAllowed } from './connector.ts';

export type Outcome = Pick<DeliveryReport, 'outcome' | 'retryAfterMs' | 'error'>;

const GONE = 410;
const TOO_MANY_REQUESTS = 429;
const SERVICE_UNAVAILABLE = 503;

const WORDS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the receiver',
  EPIPE: 'connection closed by the receiver',
  UND_ERR_SOCKET: 'connection closed by the receiver',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  EHOSTUNREACH: 'receiver unreachable',
  ENETUNREACH: 'receiver unreachable',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be resolved',
  UND_ERR_HEADERS_OVERFLOW: 'answer headers too long',
};

/** What an answer means. `retryAfter` is its Retry-After header, `at` the wall clock in milliseconds. (O1) */
export function outcomeOfStatus(status: number, retryAfter: string | string[] | undefined, at: number): Outcome {
  if (status >= 200 && status <= 299) return { outcome: 'delivered' };
  const error = `status ${status}`;
  if (status === GONE) return { outcome: 'gone', error };
  if (status !== TOO_MANY_REQUESTS && status !== SERVICE_UNAVAILABLE) return { outcome: 'failed', error };
  const retryAfterMs = typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, at) : undefined;
  return retryAfterMs === undefined ? { outcome: 'failed', error } : { outcome: 'failed', error, retryAfterMs };
}

/** What the lack of an answer means. (O2) */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof AddressNotAllowed) return { outcome: 'failed', error: 'address not allowed' };
  if (error instanceof errors.HTTPParserError) return { outcome: 'failed', error: 'answer was not HTTP' };
  const code = codeOf(error);
  if (code === undefined) return { outcome: 'failed', error: 'no answer' };
  return { outcome: 'failed', error: WORDS[code] ?? `no answer (${code})` };
}

/** Milliseconds to wait, 0 to `WEBHOOK_RETRY_AFTER_MS_MAX`; `undefined` for what is neither seconds nor an HTTP date. */
function parseRetryAfter(text: string, at: number): number | undefined {
  const waitMs = /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : parseHttpDate(text) - at;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), WEBHOOK_RETRY_AFTER_MS_MAX);
}

/** `Date.parse` alone would read `1.5` as a day in January. */
function parseHttpDate(text: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}

/** An error's code, where it looks like one: it goes into a text that clients read. */
function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : undefined;
}
