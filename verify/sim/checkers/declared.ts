// Declared: which locks are declared, as far as answers have said. (P9, P16)
//
//   D1. What an answer acknowledged holds until a later change, over crashes too. A change that was under way at a crash is
//       there as a whole or not at all.

import type { Complain } from '../judge.ts';

/** A description, or undefined where the lock is not declared. */
type Said = string | undefined;

interface Lock {
  possible: Set<Said>;
  /** Changes that were asked for and not answered, in their order. */
  readonly pending: Map<number, Said>;
}

export class Declared {
  readonly #complain: Complain;
  readonly #locks = new Map<string, Lock>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** A change was asked for. `request`: any number of its own. */
  asked(lock: string, request: number, said: Said): void {
    this.#of(lock).pending.set(request, said);
  }

  /** The change was made, and answered. */
  changed(lock: string, request: number, said: Said): void {
    const of = this.#of(lock);
    of.pending.delete(request);
    of.possible = new Set([said]);
  }

  /** The change was refused, or left all as it was. */
  refused(lock: string, request: number): void {
    this.#of(lock).pending.delete(request);
  }

  /** An answer shows the lock. */
  shown(lock: string, said: Said): void {
    const of = this.#of(lock);
    if (!of.possible.has(said)) this.#complain('what was acknowledged is kept', `lock ${lock} is ${words(said)}, and was ${[...of.possible].map(words).join(' or ')}`);
    of.possible = new Set([said]);
  }

  /** What was under way may have been stored or not. */
  crashed(): void {
    for (const { possible, pending } of this.#locks.values()) {
      for (const said of pending.values()) possible.add(said);
      pending.clear();
    }
  }

  #of(lock: string): Lock {
    let of = this.#locks.get(lock);
    if (of === undefined) this.#locks.set(lock, (of = { possible: new Set([undefined]), pending: new Map() }));
    return of;
  }
}

function words(said: Said): string {
  return said === undefined ? 'not declared' : `declared as ${said}`;
}
