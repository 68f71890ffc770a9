// Sender: one signed attempt at one delivery.
//
// Owns the attempt's time limit, its end and its report. Does not own its exchange (exchange.ts), which is loaded with the
// first attempt, as many services have none; nor when to try, how many at once or when to give up (the machine).
//   W1. An attempt is reported exactly once, never from within `send`; none is reported once `close` was called.

import { WEBHOOK_TIMEOUT_MS } from '../limits.ts';
import type { Attempt, ReportDelivery, WebhookSender } from './attempt.ts';
import type { DestinationRule } from './destination.ts';
import type { Outcome } from './outcome.ts';
import { createResolve, type Resolve } from './resolve.ts';
import type { WebhookSecret } from './signature.ts';

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
    const outcome = await this.#exchange(attempt, abort.signal, () => timedOut);
    clearTimeout(timer);
    if (!this.#closed) this.#options.report({ kind: 'deliverySettled', delivery: attempt.delivery, attempt: attempt.attempt, ...outcome });
  }

  /** Never rejects: what cannot be loaded is tried again with the next attempt, as what cannot be reached. */
  async #exchange(attempt: Attempt, signal: AbortSignal, isTimedOut: () => boolean): Promise<Outcome> {
    try {
      const { exchange } = await import('./exchange.ts');
      const { outcomeOfError } = await import('./outcome.ts');
      return await exchange({ ...this.#options, resolve: this.#resolve }, attempt, signal).catch((error: unknown) =>
        isTimedOut() ? { outcome: 'failed', error: `timed out after ${this.#timeoutMs} ms` } : outcomeOfError(error),
      );
    } catch {
      return { outcome: 'failed', error: 'what sends could not be loaded' };
    }
  }
}
