// Ends: what has ended has ended, and nothing ends that its client may be sure of. (P2, P9, P10, P11)
//
//   E1. A lease of which an answer said that it is over is never called held by an answer to a later request: not after a
//       stale renewal or release, not after a crash.
//   E2. While a client may be sure of its lease, no answer says that it is over or unknown: not after a crash either.

import type { Complain } from '../judge.ts';

export class Ends {
  readonly #complain: Complain;
  readonly #ended = new Map<string, number>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** `askedAt`: when the request arrived at the service. */
  held(lease: string, askedAt: number): void {
    const ended = this.#ended.get(lease);
    if (ended !== undefined && askedAt > ended) this.#complain('ends are final', `${lease} was held again after an answer had said that it is over`);
  }

  ended(lease: string, at: number, isSure: boolean, what: string): void {
    if (isSure) this.#complain('no lease ends early', `${lease} was ${what} while its client was sure of it`);
    if (!this.#ended.has(lease)) this.#ended.set(lease, at);
  }
}
