// Tables: rows in memory, volatile ones and durable ones.
//
// Owns mutation: `put` and `delete` are the only ways to change a row, and a durable table records both, so that what is
// in memory and what is stored cannot drift apart. Owns no meaning of any row.
//   T1. Rows are never changed in place; a new row replaces the old one.
//   T2. Indexes are derived: each is told of every change of a row, also while rows are loaded at the start.

import { Entry, type Changes, type Place } from './changes.ts';
import type { Deadline } from './deadlines.ts';
import { BrokenState } from './invariants.ts';

/** What a table keeps beside a row for the index of its deadline, so that it need not be looked up. */
export interface Kept {
  deadline: Deadline | undefined;
}

/** Told of each change of a row: `undefined` before it is there, `undefined` after it has gone. */
export type Index<Row> = (before: Row | undefined, after: Row | undefined, kept: Kept) => void;

class VolatileEntry<Row> implements Kept {
  row: Row;
  deadline: Deadline | undefined = undefined;

  constructor(row: Row) {
    this.row = row;
  }
}

/** Rows whose holder cannot outlive the process: nothing stores them, and after a restart they are not there. */
export class Table<Row extends object, Key extends string | number = string> {
  readonly #keyOf: (row: Row) => Key;
  readonly #indexes: readonly Index<Row>[];
  readonly #entries = new Map<Key, VolatileEntry<Row>>();

  constructor(keyOf: (row: Row) => Key, indexes: readonly Index<Row>[] = []) {
    this.#keyOf = keyOf;
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Row | undefined {
    return this.#entries.get(key)?.row;
  }

  *values(): Generator<Row> {
    for (const { row } of this.#entries.values()) yield row;
  }

  put(row: Row): void {
    const key = this.#keyOf(row);
    let entry = this.#entries.get(key);
    const before = entry?.row;
    if (entry === undefined) this.#entries.set(key, (entry = new VolatileEntry(row)));
    else entry.row = row;
    for (const index of this.#indexes) index(before, row, entry);
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const index of this.#indexes) index(entry.row, undefined, entry);
  }
}

/** Rows that every commit stores as they changed. */
export class DurableTable<Row extends object> {
  readonly #name: string;
  readonly #keyOf: (row: Row) => string;
  readonly #changes: Changes;
  readonly #indexes: readonly Index<Row>[];
  readonly #entries = new Map<string, Entry<Row>>();
  /** A rule looks a row up and then replaces it: its entry is found once. */
  #found: Entry<Row> | undefined;

  constructor(name: string, keyOf: (row: Row) => string, changes: Changes, indexes: readonly Index<Row>[] = []) {
    this.#name = name;
    this.#keyOf = keyOf;
    this.#changes = changes;
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Row | undefined {
    return this.#find(key)?.row;
  }

  /** When the row comes due, if it does. */
  deadlineOf(key: string): Deadline | undefined {
    return this.#find(key)?.deadline;
  }

  *values(): Generator<Row> {
    for (const { row } of this.#entries.values()) if (row !== undefined) yield row;
  }

  put(row: Row): void {
    const key = this.#keyOf(row);
    let entry = this.#find(key);
    const before = entry?.row;
    if (entry === undefined) this.#entries.set(key, (this.#found = entry = new Entry(this.#name, key, row, NOWHERE)));
    else entry.row = row;
    for (const index of this.#indexes) index(before, row, entry);
    this.#changes.record(entry);
  }

  delete(key: string): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    const before = entry.row;
    this.#entries.delete(key);
    this.#found = undefined;
    entry.row = undefined;
    for (const index of this.#indexes) index(before, undefined, entry);
    this.#changes.record(entry);
  }

  /** Takes in a row that is stored already. Only at the start. Throws `BrokenState` when there is one by its key. */
  load(row: Row, place: Place): void {
    const key = this.#keyOf(row);
    const { size } = this.#entries;
    const entry = new Entry(this.#name, key, row, place);
    // A key may be a secret: only the table is told.
    if (this.#entries.set(key, entry).size === size) throw new BrokenState([`the table ${this.#name} holds a row twice`]);
    for (const index of this.#indexes) index(undefined, row, entry);
  }

  #find(key: string): Entry<Row> | undefined {
    if (this.#found?.key !== key) this.#found = this.#entries.get(key);
    return this.#found;
  }
}

const NOWHERE: Place = { slot: 0, checksum: 0 };
