// Outbox: deliveries that wait for nothing but their turn, and whose turn it is.
//
// Owns the order of sending. Derived from rows: a pending delivery without a time of its own waits here until an
// attempt at it is under way. Does not own when to try again or to give up (batches/deliveries.ts).
//   O1. No receiver has more than `WEBHOOKS_PER_RECEIVER_MAX` attempts at once, so a slow one delays nobody else. A
//       receiver is a scheme, host and port: paths and queries differ from batch to batch, and what hangs is the host.
//   O2. Receivers take turns; what one receiver is owed is sent in the order in which it came to wait.

import { WEBHOOKS_PER_RECEIVER_MAX } from '../limits.ts';
import { Fifo } from './fifo.ts';
import type { DeliveryRow, SendingRow } from './rows.ts';

export class Outbox {
  readonly #waiting = new Map<string, Fifo>();
  readonly #sendingTo = new Map<string, number>();
  /** Receivers that are owed something and may be sent to. */
  readonly #turns = new Fifo();

  /** The delivery whose turn it is. */
  next(): string | undefined {
    const receiver = this.#turns.first();
    return receiver === undefined ? undefined : this.#waiting.get(receiver)?.first();
  }

  deliveryChanged(before: DeliveryRow | undefined, after: DeliveryRow | undefined): void {
    const row = (after ?? before)!;
    const receiver = receiverOf(row.url);
    if (waits(after)) {
      if (!waits(before)) this.#add(receiver, row.id);
    } else if (waits(before)) {
      this.#remove(receiver, row.id);
    }
  }

  sendingChanged(before: SendingRow | undefined, after: SendingRow | undefined): void {
    const { delivery, receiver } = (after ?? before)!;
    const by = (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    const sending = (this.#sendingTo.get(receiver) ?? 0) + by;
    if (sending === 0) this.#sendingTo.delete(receiver);
    else this.#sendingTo.set(receiver, sending);
    if (after !== undefined) this.#remove(receiver, delivery);
    this.#passTurn(receiver);
  }

  #add(receiver: string, delivery: string): void {
    let queue = this.#waiting.get(receiver);
    if (queue === undefined) this.#waiting.set(receiver, (queue = new Fifo()));
    queue.add(delivery);
    if (!this.#turns.has(receiver)) this.#passTurn(receiver);
  }

  #remove(receiver: string, delivery: string): void {
    const queue = this.#waiting.get(receiver);
    queue?.remove(delivery);
    if (queue?.size !== 0) return;
    this.#waiting.delete(receiver);
    this.#turns.remove(receiver);
  }

  /** Puts a receiver behind the others, if it is still owed something and may be sent to. (O1, O2) */
  #passTurn(receiver: string): void {
    this.#turns.remove(receiver);
    const mayBeSentTo = (this.#sendingTo.get(receiver) ?? 0) < WEBHOOKS_PER_RECEIVER_MAX;
    if (mayBeSentTo && this.#waiting.has(receiver)) this.#turns.add(receiver);
  }
}

export function receiverOf(url: string): string {
  return URL.parse(url)?.origin ?? url;
}

function waits(row: DeliveryRow | undefined): boolean {
  return row?.state === 'pending' && row.nextAt === undefined;
}
