// Sender: one signed attempt at one delivery.
//
// Owns the request, its limits and its end. Does not own when to try, how many at once or when to give up (the machine).
//   W1. An attempt has a connection of its own that ends with it: sockets never outnumber attempts under way, none idles,
//       and each connection asks about its address anew.
//   W2. An attempt is reported exactly once, never from within `send`; none is reported once `close` was called.
//   W3. No redirect is followed: where an answer points to was never checked.
//   W4. The answer's body is read up to a bound and thrown away, so that a receiver can finish writing.

import { Client } from 'undici';
import { WEBHOOK_RESPONSE_BYTES_MAX, WEBHOOK_TIMEOUT_MS } from '../limits.ts';
import type { Attempt, ReportDelivery, WebhookSender } from './attempt.ts';
import { createResolve, guardedConnector, type Resolve } from './connector.ts';
import type { DestinationRule } from './destination.ts';
import { outcomeOfError, outcomeOfStatus, type Outcome } from './outcome.ts';
import { signatureHeaders, type WebhookSecret } from './signature.ts';

export interface SenderOptions {
  /** Without one nothing is sent: what is still pending from a time with a secret fails, saying so. */
  readonly secrets: readonly WebhookSecret[];
  readonly rule: DestinationRule;
  readonly report: ReportDelivery;
  /** The service's version, for `user-agent`. */
  readonly version: string;
  /** The whole attempt: name, connection, headers and body. */
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
}

/** A sender without anything under way. */
export function createWebhookSender(options: SenderOptions): WebhookSender {
  return new Sender(options);
}

class Sender implements WebhookSender {
  readonly #options: SenderOptions;
  readonly #timeoutMs: number;
  readonly #resolve: Resolve;
  readonly #underWay = new Map<Promise<void>, AbortController>();
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? WEBHOOK_TIMEOUT_MS;
    this.#resolve = options.resolve ?? createResolve();
  }

  send(attempt: Attempt): void {
    if (this.#closed) return;
    const abort = new AbortController();
    const run = this.#run(attempt, abort).finally(() => this.#underWay.delete(run));
    this.#underWay.set(run, abort);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const abort of this.#underWay.values()) abort.abort();
    await Promise.all(this.#underWay.keys());
  }

  async #run(attempt: Attempt, abort: AbortController): Promise<void> {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
    }, this.#timeoutMs);
    const outcome = await this.#attempt(attempt, abort.signal).catch((error: unknown) =>
      timedOut ? ({ outcome: 'failed', error: `timed out after ${this.#timeoutMs} ms` } as const) : outcomeOfError(error),
    );
    clearTimeout(timer);
    if (!this.#closed) this.#options.report({ kind: 'deliverySettled', delivery: attempt.delivery, attempt: attempt.attempt, ...outcome });
  }

  async #attempt(attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
    if (this.#options.secrets.length === 0) return { outcome: 'failed', error: 'HOLDFAST_WEBHOOK_SECRET is not set' };
    const url = new URL(attempt.url);
    const client = new Client(url.origin, {
      connect: guardedConnector(this.#options.rule, this.#resolve, signal),
      allowH2: false,
      // The signal carries the one time limit of the attempt; these would each begin anew.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    try {
      return await this.#exchange(client, url, attempt, signal);
    } finally {
      await client.destroy();
    }
  }

  async #exchange(client: Client, url: URL, attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
    const at = Date.now();
    const { statusCode, headers, body } = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        'content-type': 'application/json',
        'user-agent': `Holdfast-Webhooks/${this.#options.version}`,
        ...signatureHeaders(this.#options.secrets, attempt.delivery, at, attempt.body),
      },
      body: attempt.body,
      reset: true,
      signal,
    });
    // However the body ends, in time or not, the status has decided.
    await body.dump({ limit: WEBHOOK_RESPONSE_BYTES_MAX, signal }).catch(() => null);
    return outcomeOfStatus(statusCode, headers['retry-after'], Date.now());
  }
}
