// Protected: a store behind the lock that knows nothing but tokens. (P5)
//
// It refuses a write under a lower token than it has seen, as users of fencing tokens are told to.
//   R1. Whoever may be sure of the lock is never refused: nobody behind it in time has a higher token.
//   R2. Nobody writes under a token that is lower than one that was accepted, however late.

import type { Complain } from '../judge.ts';

export class ProtectedStore {
  readonly #complain: Complain;
  readonly #seen = new Map<string, number>();
  accepted = 0;
  refused = 0;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  write(lock: string, token: number, isSure: boolean): void {
    const seen = this.#seen.get(lock) ?? 0;
    if (token >= seen) {
      this.#seen.set(lock, token);
      this.accepted++;
      return;
    }
    this.refused++;
    if (isSure) this.#complain('fencing', `the holder of lock ${lock} under token ${token} was refused by a store that had seen token ${seen}`);
  }
}
