// Deliveries: what is owed to a receiver arrives at least once under one id, or is shown as dead. (P20)
//
//   D1. Attempts at a delivery are numbered, over crashes too: none is made twice.
//   D2. What an answer calls delivered was accepted by its receiver; what it calls dead was refused for good or is old.
//   D3. After an answer has said how a delivery ended no further attempt is made.

import type { Complain } from '../judge.ts';

interface Delivery {
  attempt: number;
  accepted: boolean;
  gone: boolean;
  shown: string | undefined;
}

export class Deliveries {
  readonly #complain: Complain;
  readonly #deliveries = new Map<string, Delivery>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  sent(id: string, attempt: number): void {
    const of = this.#of(id);
    if (attempt <= of.attempt) this.#complain('deliveries', `attempt ${attempt} at ${id} was made after attempt ${of.attempt}`);
    if (of.shown !== undefined) this.#complain('deliveries', `${id} was sent again after an answer had shown it as ${of.shown}`);
    of.attempt = attempt;
  }

  accepted(id: string): void {
    this.#of(id).accepted = true;
  }

  gone(id: string): void {
    this.#of(id).gone = true;
  }

  /** An answer shows how far a delivery is. */
  shown(id: string, state: 'pending' | 'delivered' | 'dead'): void {
    const of = this.#of(id);
    if (of.shown !== undefined && of.shown !== state) this.#complain('deliveries', `${id} was ${of.shown}, and then ${state}`);
    if (state === 'pending') return;
    of.shown = state;
    if (state === 'delivered' && !of.accepted) this.#complain('deliveries', `${id} is shown as delivered, and no receiver has accepted it`);
    if (state === 'dead' && !of.gone) this.#complain('deliveries', `${id} is shown as dead, and its receiver never said so`);
  }

  #of(id: string): Delivery {
    let of = this.#deliveries.get(id);
    if (of === undefined) this.#deliveries.set(id, (of = { attempt: 0, accepted: false, gone: false, shown: undefined }));
    return of;
  }
}
