// Tables: rows in memory, and the record of how they changed.
//
// Owns mutation: `put` and `delete` are the only ways to change a row, and for a durable table they record it, so
// that what is in memory and what is stored cannot drift apart. Owns no meaning of any row.
//   T1. Rows are never changed in place; a new row replaces the old one.
//   T2. Indexes are derived: each is told of every change of a row, also while rows are loaded at the start.
//   T3. A payload is dropped one commit after the row that named it, so no row ever names bytes that are gone.

import type { PayloadRef } from './payloads.ts';

/** Told of each change of a row: `undefined` before it is there, `undefined` after it has gone. */
export type Index<Row> = (before: Row | undefined, after: Row | undefined) => void;

/** One row of one table as it is after the commit; `undefined` deletes it. A commit names a row at most once. */
export interface RowChange {
  readonly table: string;
  readonly key: string;
  readonly row: object | undefined;
}

/** What one commit has to store. */
export interface ChangeSet {
  readonly rows: readonly RowChange[];
  /** Not changed by anybody until the commit has settled: a driver need not copy them. */
  readonly payloads: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  /**
   * Payload ids to delete; one that ends with `/` stands for every payload of that owner, who gets none again. They may
   * go piece by piece with later commits, so no row may name them any more. Unknown ids are no error.
   */
  readonly drops: readonly string[];
}

export type Checksum = (bytes: Uint8Array) => number;

/** The changes since the last `take`. */
export class Changes {
  #rows = new Map<string, Map<string, object | undefined>>();
  #payloads = new Map<string, Uint8Array>();
  #drops: string[] = [];
  #dropsNext: string[] = [];
  /** Locks whose durable leases changed: in the group being built, and in the one being committed. */
  #locks = new Set<string>();
  #locksInFlight = new Set<string>();
  #count = 0;
  readonly #checksum: Checksum;

  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  record(table: string, key: string, row: object | undefined): void {
    let rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, (rows = new Map()));
    rows.set(key, row);
    this.#count++;
  }

  putPayload(id: string, text: string): PayloadRef {
    const bytes = new TextEncoder().encode(text);
    this.#payloads.set(id, bytes);
    this.#count++;
    return { id, bytes: bytes.length, checksum: this.#checksum(bytes) };
  }

  /** Drops a payload, or with `owner/` all of an owner, in the commit after this one. (T3) */
  dropPayload(id: string): void {
    this.#dropsNext.push(id);
  }

  touchLock(name: string): void {
    this.#locks.add(name);
  }

  /** Whether a durable change of this lock's leases is not flushed yet. */
  isLockUnflushed(name: string): boolean {
    return this.#locks.has(name) || this.#locksInFlight.has(name);
  }

  /** Hands over what the next commit stores. */
  take(): ChangeSet {
    const rows: RowChange[] = [];
    for (const [table, changed] of this.#rows) for (const [key, row] of changed) rows.push({ table, key, row });
    const payloads = [...this.#payloads].map(([id, bytes]) => ({ id, bytes }));
    const drops = this.#drops;
    this.#rows = new Map();
    this.#payloads = new Map();
    this.#drops = this.#dropsNext;
    this.#dropsNext = [];
    this.#locksInFlight = this.#locks;
    this.#locks = new Set();
    this.#count = this.#drops.length;
    return { rows, payloads, drops };
  }

  /** The changes that were taken last are on the disk. */
  flushed(): void {
    this.#locksInFlight = new Set();
  }
}

export class Table<Row extends object> {
  readonly name: string;
  readonly #keyOf: (row: Row) => string;
  readonly #changes: Changes | undefined;
  readonly #indexes: readonly Index<Row>[];
  readonly #rows = new Map<string, Row>();

  /** `changes` makes the table durable; without it the table is volatile. */
  constructor(name: string, keyOf: (row: Row) => string, changes: Changes | undefined, indexes: readonly Index<Row>[] = []) {
    this.name = name;
    this.#keyOf = keyOf;
    this.#changes = changes;
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  put(row: Row): void {
    const key = this.#keyOf(row);
    this.#set(key, row);
    this.#changes?.record(this.name, key, row);
  }

  delete(key: string): void {
    const before = this.#rows.get(key);
    if (before === undefined) return;
    this.#rows.delete(key);
    for (const index of this.#indexes) index(before, undefined);
    this.#changes?.record(this.name, key, undefined);
  }

  /** Takes in a row that is stored already. Only at the start. */
  load(row: Row): void {
    this.#set(this.#keyOf(row), row);
  }

  #set(key: string, row: Row): void {
    const before = this.#rows.get(key);
    this.#rows.set(key, row);
    for (const index of this.#indexes) index(before, row);
  }
}
