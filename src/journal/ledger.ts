// Ledger: which rows stand in the journal, where, and with which checksums.
//
// Owns the count and the sum that every commit writes beside its rows (J4), kept up to date without reading anything,
// and the slots. Does not own bytes (record.ts) or the file (lmdb.ts).
//   L1. `sum` is the sum of all checksums modulo 2^32: the order in which rows were written plays no part in it.
//   L2. A row keeps its slot for life, and slots are given out in rising order. So rows of one age stand together in
//       the file, and those are the rows that change and go together: a commit rewrites few pages, where keys without
//       order (ids are random) would spread it over a page for each row.

/** Where a row stands. Its checksum is absent until the row was noted for the first time. */
export interface Place {
  readonly slot: number;
  checksum: number | undefined;
}

/** What every commit writes beside its rows, to be compared when the journal is opened. */
export interface Totals {
  readonly rows: number;
  readonly sum: number;
}

export class Ledger {
  readonly #tables = new Map<string, Map<string, Place>>();
  #rows = 0;
  #sum = 0;
  #nextSlot = 1;

  get totals(): Totals {
    return { rows: this.#rows, sum: this.#sum };
  }

  /** The place of the row, a new one if it has none. What is placed must be `put` in the same commit. */
  place(table: string, key: string): Place {
    const places = this.#placesOf(table);
    let place = places.get(key);
    if (place === undefined) {
      place = { slot: this.#nextSlot, checksum: undefined };
      places.set(key, place);
      this.#nextSlot += 1;
    }
    return place;
  }

  /** Notes that the row in this place now has this checksum. */
  put(place: Place, checksum: number): void {
    if (place.checksum === undefined) this.#rows += 1;
    this.#sum = (this.#sum - (place.checksum ?? 0) + checksum) | 0;
    place.checksum = checksum;
  }

  /** Notes that the row is gone, and says in which slot it stood; `undefined` when there was no such row. */
  delete(table: string, key: string): number | undefined {
    const places = this.#placesOf(table);
    const place = places.get(key);
    if (place?.checksum === undefined) return undefined;
    places.delete(key);
    this.#rows -= 1;
    this.#sum = (this.#sum - place.checksum) | 0;
    return place.slot;
  }

  /** Notes a row found in this slot when the journal is opened. False when the row was found in another slot before. */
  load(table: string, key: string, slot: number, checksum: number): boolean {
    const places = this.#placesOf(table);
    if (places.has(key)) return false;
    const place: Place = { slot, checksum: undefined };
    places.set(key, place);
    this.put(place, checksum);
    this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    return true;
  }

  #placesOf(table: string): Map<string, Place> {
    let places = this.#tables.get(table);
    if (places === undefined) {
      places = new Map();
      this.#tables.set(table, places);
    }
    return places;
  }
}
