// Line: first come, first served. (P8)
//
//   L1. When a grant is told, nobody who came before it is still waiting for the same lock.
//   L2. Of two grants of a lock, who came first has the lower token, also where nobody was looking (tickets, tasks).

import type { Complain } from '../judge.ts';

interface LockLine {
  /** Arrivals of requests that wait on a connection, in their order. */
  readonly waiting: Set<number>;
  readonly granted: { readonly arrival: number; readonly token: number }[];
}

/** How many grants of a lock are compared with the next one. */
const COMPARED = 32;

export class Line {
  readonly #complain: Complain;
  readonly #locks = new Map<string, LockLine>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  waits(lock: string, arrival: number): void {
    this.#of(lock).waiting.add(arrival);
  }

  /** It was answered, hung up or lost its process. */
  left(lock: string, arrival: number): void {
    this.#of(lock).waiting.delete(arrival);
  }

  /** (L1) */
  told(lock: string, arrival: number): void {
    for (const first of this.#of(lock).waiting) {
      if (first < arrival) this.#complain('first come, first served', `lock ${lock} was given to arrival ${arrival} while ${first} waited`);
      return;
    }
  }

  /** (L2) */
  granted(lock: string, arrival: number, token: number): void {
    const { granted } = this.#of(lock);
    for (const other of granted) {
      if (other.token === token) return;
      if ((other.arrival < arrival) !== (other.token < token)) {
        this.#complain('first come, first served', `lock ${lock}: arrival ${arrival} has token ${token}, arrival ${other.arrival} has token ${other.token}`);
      }
    }
    granted.push({ arrival, token });
    if (granted.length > COMPARED) granted.shift();
  }

  #of(lock: string): LockLine {
    let of = this.#locks.get(lock);
    if (of === undefined) this.#locks.set(lock, (of = { waiting: new Set(), granted: [] }));
    return of;
  }
}
