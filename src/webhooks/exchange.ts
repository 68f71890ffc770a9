// Exchange: the request of one attempt, and what its answer means.
//
// Owns the connection and what goes over it. Does not own the attempt's time limit (sender.ts) or the address rule.
//   X1. An attempt has a connection of its own that ends with it: sockets never outnumber attempts under way, none idles,
//       and each connection asks about its address anew.
//   X2. No redirect is followed: where an answer points to was never checked.
//   X3. The answer's body is read up to a bound and thrown away, so that a receiver can finish writing.

import { Client } from 'undici';
import { WEBHOOK_RESPONSE_BYTES_MAX } from '../limits.ts';
import type { Attempt } from './attempt.ts';
import { guardedConnector } from './connector.ts';
import type { DestinationRule } from './destination.ts';
import { outcomeOfStatus, type Outcome } from './outcome.ts';
import type { Resolve } from './resolve.ts';
import { signatureHeaders, type WebhookSecret } from './signature.ts';

export interface ExchangeOptions {
  readonly secrets: readonly WebhookSecret[];
  readonly rule: DestinationRule;
  readonly resolve: Resolve;
  readonly version: string;
}

/** Rejects with whatever went wrong before there was a status, the signal's own reason included. */
export async function exchange(options: ExchangeOptions, attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
  if (options.secrets.length === 0) return { outcome: 'failed', error: 'HOLDFAST_WEBHOOK_SECRET is not set' };
  const url = new URL(attempt.url);
  const client = new Client(url.origin, {
    connect: guardedConnector(options.rule, options.resolve, signal),
    allowH2: false,
    // The signal carries the one time limit of the attempt; these would each begin anew.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    return await post(client, url, options, attempt, signal);
  } finally {
    await client.destroy();
  }
}

async function post(client: Client, url: URL, { secrets, version }: ExchangeOptions, attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
  const at = Date.now();
  const { statusCode, headers, body } = await client.request({
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    headers: {
      'content-type': 'application/json',
      'user-agent': `Holdfast-Webhooks/${version}`,
      ...signatureHeaders(secrets, attempt.delivery, at, attempt.body),
    },
    body: attempt.body,
    reset: true,
    signal,
  });
  // However the body ends, in time or not, the status has decided.
  await body.dump({ limit: WEBHOOK_RESPONSE_BYTES_MAX, signal }).catch(() => null);
  return outcomeOfStatus(statusCode, headers['retry-after'], Date.now());
}
