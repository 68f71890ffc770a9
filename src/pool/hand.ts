// Hand: which orders of a thread's hand are whose to decide on.
//
// Owns the memory by which the main thread and a worker thread settle it. Does not own the orders themselves, which go
// through the mailbox.
//   H1. An order in a hand is claimed once: by its thread, which then runs it, or by the main thread, which then knows that
//       it will not begin. Neither waits for the other, whatever it is doing.
//   H2. A number stands in a place of its own for as long as it is in a hand or was taken out of one and not met by its thread
//       yet: never more than two full hands (batches/hands.ts, H3).

import { HAND_MAX } from '../limits.ts';
import { exchangeAtomic, exchangeAtomicIf, storeAtomic } from './intrinsics.ts';

const PLACES = 2 * HAND_MAX;

export function createHand(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT);
}

/** Either side's. */
export class Hand {
  readonly #places: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#places = new Int32Array(memory);
  }

  /** Before its thread is told of the order. */
  give(number: number): void {
    storeAtomic(this.#places, number % PLACES, given(number));
  }

  /** True for who comes first, and once. (H1) */
  claim(number: number): boolean {
    return exchangeAtomicIf(this.#places, number % PLACES, given(number), CLAIMED) === given(number);
  }

  /** Nothing that was given and not claimed is given any more. */
  claimAll(): void {
    for (let place = 0; place < PLACES; place++) exchangeAtomic(this.#places, place, CLAIMED);
  }
}

const CLAIMED = 0;

/** Never `CLAIMED`, and another one for the number that had the place before. */
function given(number: number): number {
  return number + 1;
}
