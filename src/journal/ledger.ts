// Ledger: how many rows stand in the journal, with which checksums all together, and in which slots.
//
// Owns the count and the sum that every commit writes beside its rows (J4), kept up to date without reading anything,
// and the giving out of slots. Does not own bytes (record.ts) or the file (lmdb.ts); each row keeps its own place.
//   L1. `sum` is the sum of all checksums modulo 2^32: the order in which rows were written plays no part in it.
//   L2. A row keeps its slot for life, and slots are given out in rising order. So rows of one age stand together in
//       the file, and those are the rows that change and go together: a commit rewrites few pages, where keys without
//       order (ids are random) would spread it over a page for each row.
//   L3. A slot that a commit frees goes to a row that is new in the same commit: one write where there were two.

import type { Place } from '../state/changes.ts';

/** What every commit writes beside its rows, to be compared when the journal is opened. */
export interface Totals {
  readonly rows: number;
  readonly sum: number;
}

export class Ledger {
  #rows = 0;
  #sum = 0;
  #nextSlot = 1;

  get totals(): Totals {
    return { rows: this.#rows, sum: this.#sum };
  }

  /** The slot for a row that has none. It must be `put` in the same commit. `freed`: slots that this commit frees. (L3) */
  slot(freed: number[]): number {
    return freed.pop() ?? this.#nextSlot++;
  }

  /** Notes that the row in this place is stored, or stored anew, with this checksum. */
  put(place: Place, slot: number, checksum: number): void {
    if (place.slot === 0) this.#rows += 1;
    this.#sum = (this.#sum - place.checksum + checksum) | 0;
    place.slot = slot;
    place.checksum = checksum;
  }

  /** Notes that the row is gone, and says in which slot it stood; `undefined` when it was never stored. */
  delete(place: Place): number | undefined {
    const { slot } = place;
    if (slot === 0) return undefined;
    this.#rows -= 1;
    this.#sum = (this.#sum - place.checksum) | 0;
    place.slot = 0;
    place.checksum = 0;
    return slot;
  }

  /** Notes a row found in this slot when the journal is opened. */
  load(slot: number, checksum: number): void {
    this.#rows += 1;
    this.#sum = (this.#sum + checksum) | 0;
    if (slot >= this.#nextSlot) this.#nextSlot = slot + 1;
  }
}
