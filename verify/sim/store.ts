// Store: what survives a crash, and the journal that one process has of it. (P17)
//
//   S1. A commit is there as a whole or not at all. Of one that was in flight at a crash nobody knows which.
//   S2. One commit is in flight at a time, of the process that opened last; `now` never falls, and no row names a
//       payload that is not there.
//   S3. What a process read back is a copy: nothing that it changes in place is stored.

import { crc32 } from 'node:zlib';
import { PayloadDamaged, type Commit, type Journal, type Opened } from '../../src/journal/journal.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';
import type { StoredRow } from '../../src/state/load.ts';
import type { Complain } from './judge.ts';

interface Stored {
  readonly table: string;
  readonly key: string;
  readonly row: object | string;
}

export class Store {
  epoch = 0;
  now = 0;
  commits = 0;
  readonly rows = new Map<number, Stored>();
  /** By owner, then by id. */
  readonly payloads = new Map<string, Map<string, Uint8Array>>();
  readonly complain: Complain;
  /** Rows are kept as text from the commit on: nothing that is changed in place afterwards is stored. (S3) */
  readonly strict: boolean;
  /** Told of each commit that is done. */
  applied: (commit: Commit) => void = () => {};
  #slots = 0;

  constructor(complain: Complain, strict: boolean) {
    this.complain = complain;
    this.strict = strict;
  }

  apply(commit: Commit): void {
    this.commits++;
    if (commit.now < this.now) this.complain('commits', `now fell from ${this.now} to ${commit.now}`);
    this.now = commit.now;
    for (const { table, key, row, place } of commit.rows) {
      if (row === undefined) {
        this.rows.delete(place.slot);
        continue;
      }
      if (place.slot === 0) place.slot = ++this.#slots;
      this.rows.set(place.slot, { table, key, row: this.strict ? JSON.stringify(row) : row });
    }
    for (const drop of commit.drops) this.#drop(drop);
    for (const { id, bytes } of commit.payloads) this.#keep(id, bytes);
    this.applied(commit);
  }

  payload(id: string): Uint8Array | undefined {
    return this.payloads.get(ownerOf(id))?.get(id);
  }

  damage(id: string): void {
    this.payloads.get(ownerOf(id))?.delete(id);
  }

  /** As the next process finds them, in the order that `shuffled` gives them. (S3) */
  read(shuffled: <Row>(rows: Row[]) => Row[]): StoredRow[] {
    const rows: StoredRow[] = [];
    for (const [slot, { table, key, row }] of this.rows) {
      const copy: object = typeof row === 'string' ? JSON.parse(row) : { ...row };
      rows.push({ table, key, row: copy, slot, checksum: 0 });
    }
    return shuffled(rows);
  }

  #keep(id: string, bytes: Uint8Array): void {
    const owner = ownerOf(id);
    let of = this.payloads.get(owner);
    if (of === undefined) this.payloads.set(owner, (of = new Map()));
    of.set(id, bytes);
  }

  #drop(drop: string): void {
    const owner = ownerOf(drop);
    if (drop.endsWith('/')) this.payloads.delete(owner);
    else this.payloads.get(owner)?.delete(drop);
  }
}

function ownerOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

/** What the store of a commit decides: when it is done, and whether it ever is. */
export interface Committing {
  readonly commit: Commit;
  done(): void;
  failed(error: Error): void;
}

/** A process's journal. `begin` is told of each commit and settles it in its own time. */
export class SimJournal implements Journal {
  readonly opened: Opened;
  inFlight: Committing | undefined;
  readonly #store: Store;
  readonly #begin: (committing: Committing) => void;
  #failed = false;

  constructor(store: Store, shuffled: <Row>(rows: Row[]) => Row[], begin: (committing: Committing) => void) {
    this.#store = store;
    this.#begin = begin;
    store.epoch++;
    this.opened = { now: store.now, epoch: store.epoch, rows: store.read(shuffled), payloadOwners: new Set(store.payloads.keys()) };
  }

  /** (S2) */
  commit(commit: Commit): Promise<void> {
    const { complain } = this.#store;
    if (this.inFlight !== undefined) complain('commits', 'a commit began while another was in flight');
    if (this.#failed) complain('commits', 'a commit began after one had failed');
    if (this.opened.epoch !== this.#store.epoch) complain('commits', 'a process committed after another had opened the store');
    return new Promise((resolve, reject) => {
      const committing: Committing = {
        commit,
        done: () => {
          this.inFlight = undefined;
          resolve();
        },
        failed: (error) => {
          this.#failed = true;
          this.inFlight = undefined;
          reject(error);
        },
      };
      this.inFlight = committing;
      this.#begin(committing);
    });
  }

  readPayload(ref: PayloadRef): Uint8Array {
    const bytes = this.#store.payload(ref.id);
    if (bytes === undefined || bytes.length !== ref.bytes || crc32(bytes) !== ref.checksum) throw new PayloadDamaged(`Payload ${ref.id} is missing or damaged.`);
    return bytes;
  }

  async close(): Promise<void> {}
}
