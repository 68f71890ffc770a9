// Keys: a retry never does the thing twice. (P15)
//
//   K1. A key whose grant reached its client, or whose batch was accepted, names that one for good.
//   K2. With another body the key gives nothing.

import type { Complain } from '../judge.ts';

interface Bound {
  readonly id: string;
  readonly fingerprint: string;
}

export class Keys {
  readonly #complain: Complain;
  readonly #bound = new Map<string, Bound>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** An answer gives a lease or a batch under a key. */
  gives(key: string, fingerprint: string, id: string): void {
    const bound = this.#bound.get(key);
    if (bound === undefined) return;
    if (bound.id !== id) this.#complain('retries', `a key gave ${bound.id} and then ${id}`);
    else if (bound.fingerprint !== fingerprint) this.#complain('retries', `a key gave ${id} for another body as well`);
  }

  /** What the key gave has reached the client, or was accepted. */
  binds(key: string, fingerprint: string, id: string): void {
    this.gives(key, fingerprint, id);
    if (!this.#bound.has(key)) this.#bound.set(key, { id, fingerprint });
  }
}
