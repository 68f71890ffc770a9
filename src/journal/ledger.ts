// Ledger: which rows stand in the journal, where, and with which checksums.
//
// Owns the count and the sum that every commit writes beside its rows (J4), kept up to date without reading anything,
// and the slots. Does not own bytes (record.ts) or the file (lmdb.ts).
//   L1. `sum` is the sum of all checksums modulo 2^32: the order in which rows were written plays no part in it.
//   L2. A row keeps its slot for life, and slots are given out in rising order. So rows of one age stand together in
//       the file, and those are the rows that change and go together: a commit rewrites few pages, where keys without
//       order (ids are random) would spread it over a page for each row.

interface Entry {
  readonly slot: number;
  checksum: number;
}

/** What every commit writes beside its rows, to be compared when the journal is opened. */
export interface Totals {
  readonly rows: number;
  readonly sum: number;
}

export class Ledger {
  readonly #tables = new Map<string, Map<string, Entry>>();
  #rows = 0;
  #sum = 0;
  #nextSlot = 1;

  get totals(): Totals {
    return { rows: this.#rows, sum: this.#sum };
  }

  /** Notes that the row now has this checksum, and says in which slot it stands. */
  put(table: string, key: string, checksum: number): number {
    const entries = this.#entriesOf(table);
    const entry = entries.get(key);
    if (entry === undefined) return this.#add(entries, key, this.#nextSlot, checksum);
    this.#sum = (this.#sum - entry.checksum + checksum) | 0;
    entry.checksum = checksum;
    return entry.slot;
  }

  /** Notes that the row is gone, and says in which slot it stood; `undefined` when there was no such row. */
  delete(table: string, key: string): number | undefined {
    const entries = this.#entriesOf(table);
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    entries.delete(key);
    this.#rows -= 1;
    this.#sum = (this.#sum - entry.checksum) | 0;
    return entry.slot;
  }

  /** Notes a row found in this slot when the journal is opened. False when the row was found in another slot before. */
  load(table: string, key: string, slot: number, checksum: number): boolean {
    const entries = this.#entriesOf(table);
    if (entries.has(key)) return false;
    this.#add(entries, key, slot, checksum);
    return true;
  }

  #add(entries: Map<string, Entry>, key: string, slot: number, checksum: number): number {
    entries.set(key, { slot, checksum });
    this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    this.#rows += 1;
    this.#sum = (this.#sum + checksum) | 0;
    return slot;
  }

  #entriesOf(table: string): Map<string, Entry> {
    let entries = this.#tables.get(table);
    if (entries === undefined) {
      entries = new Map();
      this.#tables.set(table, entries);
    }
    return entries;
  }
}
