// Tokens: fencing tokens rise, over deletes, crashes and restarts, and no grant shares one. (P4)
//
//   T1. A grant that was asked for after a token was seen has a higher one.
//   T2. No two leases have the same token, and a lease keeps its own.

import type { Complain } from '../judge.ts';

export class Tokens {
  readonly #complain: Complain;
  readonly #leaseOf = new Map<number, string>();
  readonly #tokenOf = new Map<string, number>();
  #highest = 0;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** The highest token seen so far: to be kept with a request that arrives now. */
  mark(): number {
    return this.#highest;
  }

  /** `mark`: of the arrival of the request that asked for the lease. */
  seen(lease: string, token: number, mark: number): void {
    const known = this.#tokenOf.get(lease);
    if (known === token) return;
    if (known !== undefined) this.#complain('fencing tokens', `a lease had token ${known} and then ${token}`);
    const other = this.#leaseOf.get(token);
    if (other !== undefined) this.#complain('fencing tokens', `token ${token} was given twice, to ${other} and to ${lease}`);
    if (token <= mark) this.#complain('fencing tokens', `token ${token} was given after token ${mark} had been seen`);
    this.#leaseOf.set(token, lease);
    this.#tokenOf.set(lease, token);
    if (token > this.#highest) this.#highest = token;
  }
}
