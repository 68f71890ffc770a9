// Receivers: those who are owed callbacks, and what becomes of each attempt.
//
//   R1. The end of an attempt is reported within the time that the sender allows; now and then twice.
//   R2. A receiver may have taken what the sender believes to have failed. It never takes what was not sent.

import { WEBHOOK_TIMEOUT_MS } from '../../src/limits.ts';
import type { DeliveryReport } from '../../src/state/inputs.ts';
import type { Attempt, WebhookSender } from '../../src/webhooks/attempt.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export class Receivers implements WebhookSender {
  readonly #world: World;
  readonly #process: Process;
  #isGone = false;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  send({ delivery, attempt }: Attempt): void {
    const { chance, faulty, profile, deliveries } = this.#world;
    deliveries.sent(delivery, attempt);
    const isBad = faulty && chance.bool(profile.badReceivers);
    const how = isBad ? chance.pick(['fails', 'fails', 'hangs', 'is gone', 'takes it and fails', 'answers twice'] as const) : 'takes it';
    if (isBad) this.#world.fault(`receiver ${how}`);
    if (how === 'is gone') deliveries.gone(delivery);
    else if (how !== 'fails' && how !== 'hangs') deliveries.accepted(delivery);
    const outcome = how === 'is gone' ? 'gone' : how === 'takes it' || how === 'answers twice' ? 'delivered' : 'failed';
    const retryAfterMs = how === 'fails' && chance.bool(0.3) ? chance.int(0, 100_000) : undefined;
    this.#report(how === 'hangs' ? WEBHOOK_TIMEOUT_MS : chance.next() * 200, { kind: 'deliverySettled', delivery, attempt, outcome, retryAfterMs, error: outcome === 'failed' ? how : undefined });
    if (how === 'answers twice') this.#report(200, { kind: 'deliverySettled', delivery, attempt, outcome });
  }

  /** The process ends: nothing is reported any more. */
  gone(): void {
    this.#isGone = true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #report(afterMs: number, report: DeliveryReport): void {
    const { timeline } = this.#world;
    timeline.after(afterMs, () => {
      if (this.#isGone) return;
      this.#world.operations++;
      this.#process.post(report);
    }, this.#process);
  }
}
