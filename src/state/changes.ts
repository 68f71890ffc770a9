// Changes: what the next commit has to store.
//
// Owns the record of changed rows, and of payloads written and dropped. Does not own the rows (tables.ts).
//   C1. A row that changed several times is stored once, as it is when the changes are taken.
//   C2. A payload is dropped one commit after the row that named it, so no row ever names bytes that are gone.

import type { Deadline } from './deadlines.ts';
import { Names } from './names.ts';
import type { PayloadRef } from './payloads.ts';

/**
 * Where a row stands in the journal. It belongs to the journal, which alone writes it, and is kept with the row for as
 * long as that is there, so that no commit has to look it up by name.
 */
export interface Place {
  /** 0 while the row is not stored. */
  slot: number;
  checksum: number;
}

/** A durable row in memory. */
export class Entry<Row extends object = object> implements Place {
  readonly table: string;
  readonly key: string;
  /** `undefined` when the row was deleted; an entry never comes back. */
  row: Row | undefined;
  /** Whether the changes that were not taken yet have it. */
  isRecorded = false;
  /** When the row comes due, if it does. */
  deadline: Deadline | undefined = undefined;
  slot: number;
  checksum: number;

  constructor(table: string, key: string, row: Row, { slot, checksum }: Place) {
    this.table = table;
    this.key = key;
    this.row = row;
    this.slot = slot;
    this.checksum = checksum;
  }
}

/** One row of one table as it is after the commit; `undefined` deletes it. A row that comes anew has a new place. */
export interface RowChange {
  readonly table: string;
  readonly key: string;
  readonly row: object | undefined;
  readonly place: Place;
}

/** What one commit has to store. */
export interface ChangeSet {
  /** In the order of their first change. */
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

/** Names of things that changed and are not flushed yet. */
export class Unflushed {
  /** In the group being built, and in the one being committed. */
  #names = new Names();
  #inFlight = new Names();

  add(name: string): void {
    this.#names.add(name);
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.#inFlight.has(name);
  }

  taken(): void {
    this.#inFlight = this.#names;
    this.#names = new Names();
  }

  flushed(): void {
    this.#inFlight = new Names();
  }
}

/** The changes since the last `take`. */
export class Changes {
  #entries: Entry[] = [];
  #payloads = new Map<string, Uint8Array>();
  #drops: string[] = [];
  #dropsNext: string[] = [];
  /** Locks whose durable leases changed, and chunks that were claimed. */
  readonly #locks = new Unflushed();
  readonly claims = new Unflushed();
  readonly #checksum: Checksum;

  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  get empty(): boolean {
    return this.#entries.length === 0 && this.#payloads.size === 0 && this.#drops.length === 0;
  }

  /** (C1) */
  record(entry: Entry): void {
    if (entry.isRecorded) return;
    entry.isRecorded = true;
    this.#entries.push(entry);
  }

  putPayload(id: string, text: string): PayloadRef {
    const bytes = new TextEncoder().encode(text);
    this.#payloads.set(id, bytes);
    return { id, bytes: bytes.length, checksum: this.#checksum(bytes) };
  }

  /** Drops a payload, or with `owner/` all of an owner, in the commit after this one. (C2) */
  dropPayload(id: string): void {
    this.#dropsNext.push(id);
  }

  touchLock(name: string): void {
    this.#locks.add(name);
  }

  /** Whether a durable change of this lock's leases is not flushed yet. */
  isLockUnflushed(name: string): boolean {
    return this.#locks.has(name);
  }

  /** Hands over what the next commit stores. */
  take(): ChangeSet {
    const rows = this.#entries.map(taken);
    const payloads = [...this.#payloads].map(([id, bytes]) => ({ id, bytes }));
    const drops = this.#drops;
    this.#entries = [];
    if (payloads.length > 0) this.#payloads = new Map();
    this.#drops = this.#dropsNext;
    this.#dropsNext = [];
    this.#locks.taken();
    this.claims.taken();
    return { rows, payloads, drops };
  }

  /** The changes that were taken last are on the disk. */
  flushed(): void {
    this.#locks.flushed();
    this.claims.flushed();
  }
}

function taken(entry: Entry): RowChange {
  entry.isRecorded = false;
  return { table: entry.table, key: entry.key, row: entry.row, place: entry };
}
