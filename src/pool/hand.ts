// Hand: which orders of a thread's hand are whose to decide on.
//
// Owns the memory by which the main thread and a worker thread settle it. Does not own the orders themselves, which go
// through the mailbox.
//   H1. An order in a hand is claimed once: by its thread, which then runs it, or by the main thread, which then knows that
//       it will not begin. Neither waits for the other, whatever it is doing.
//   H2. A number has a place of its own for as long as it is in a hand: nothing is handed out whose place an older number of
//       the same hand may have (batches/hands.ts). One that was taken out claims nothing that came into its place.

import { HAND_PLACES } from '../limits.ts';
import { exchangeAtomic, exchangeAtomicIf, storeAtomic } from './intrinsics.ts';

export function createHand(): SharedArrayBuffer {
  return new SharedArrayBuffer(HAND_PLACES * Int32Array.BYTES_PER_ELEMENT);
}

/** Either side's. */
export class Hand {
  readonly #places: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#places = new Int32Array(memory);
  }

  /** Before its thread is told of the order. */
  give(number: number): void {
    storeAtomic(this.#places, number % HAND_PLACES, given(number));
  }

  /** True for who comes first, and once. (H1) */
  claim(number: number): boolean {
    return exchangeAtomicIf(this.#places, number % HAND_PLACES, given(number), CLAIMED) === given(number);
  }

  /** Nothing that was given and not claimed is given any more. */
  claimAll(): void {
    for (let place = 0; place < HAND_PLACES; place++) exchangeAtomic(this.#places, place, CLAIMED);
  }
}

const CLAIMED = 0;

/** Never `CLAIMED`, and another one for the number that had the place before. */
function given(number: number): number {
  return number + 1;
}
