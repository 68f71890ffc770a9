// Memory journal: the promises of the port without a disk.
//
// Owns what a test or a simulated restart needs: `reopen` sees what a restart would see. Durability it has none.
//   M1. A commit shows all at once or not at all, a turn after it was asked for; a crash before that turn loses it.
//   M2. Rows and payloads are copied on their way in and out: nothing that a caller changes afterwards is stored.

import { crc32 } from 'node:zlib';
import { PayloadDamaged, type Commit, type Journal, type Opened } from './journal.ts';
import type { PayloadRef } from '../state/payloads.ts';

/** What survives a restart. */
class Store {
  epoch = 0;
  now = 0;
  readonly rows = new Map<string, { readonly table: string; readonly key: string; readonly text: string }>();
  readonly payloads = new Map<string, Uint8Array>();
}

interface Encoded {
  readonly now: number;
  readonly rows: readonly { readonly table: string; readonly key: string; readonly text: string | undefined }[];
  readonly payloads: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  readonly drops: readonly string[];
}

export class MemoryJournal implements Journal {
  readonly opened: Opened;
  readonly #store: Store;
  #status: 'open' | 'committing' | 'failed' | 'closed' = 'open';
  #settled: Promise<unknown> = Promise.resolve();

  constructor(store: Store = new Store()) {
    this.#store = store;
    store.epoch += 1;
    this.opened = { now: store.now, epoch: store.epoch, rows: rowsOf(store), payloadOwners: ownersOf(store) };
  }

  /** The journal as the next start finds it. From here on commits of this one are refused, the one in flight too. */
  reopen(): MemoryJournal {
    return new MemoryJournal(this.#store);
  }

  async commit(commit: Commit): Promise<void> {
    if (this.#status !== 'open') throw new Error(`The journal takes no commit: it is ${this.#status}.`);
    this.#status = 'committing';
    try {
      const written = this.#write(encode(commit));
      this.#settled = written.catch(() => {});
      await written;
      this.#status = 'open';
    } catch (error) {
      this.#status = 'failed';
      throw error;
    }
  }

  readPayload(ref: PayloadRef): Uint8Array {
    const bytes = this.#store.payloads.get(ref.id);
    if (bytes === undefined || bytes.length !== ref.bytes || crc32(bytes) !== ref.checksum) {
      throw new PayloadDamaged(`Payload ${ref.id} is missing or damaged.`);
    }
    return bytes.slice();
  }

  async close(): Promise<void> {
    await this.#settled;
    this.#status = 'closed';
  }

  async #write(commit: Encoded): Promise<void> {
    await Promise.resolve();
    const store = this.#store;
    if (store.epoch !== this.opened.epoch) throw new Error('The journal was opened again since: this commit is refused.');
    store.now = commit.now;
    for (const { table, key, text } of commit.rows) {
      const name = JSON.stringify([table, key]);
      if (text === undefined) store.rows.delete(name);
      else store.rows.set(name, { table, key, text });
    }
    for (const drop of commit.drops) dropPayloads(store, drop);
    for (const { id, bytes } of commit.payloads) store.payloads.set(id, bytes);
  }
}

function encode(commit: Commit): Encoded {
  return {
    now: commit.now,
    rows: commit.rows.map(({ table, key, row }) => ({ table, key, text: row && JSON.stringify(row) })),
    payloads: commit.payloads.map(({ id, bytes }) => ({ id, bytes: bytes.slice() })),
    drops: [...commit.drops],
  };
}

function rowsOf(store: Store): Opened['rows'] {
  return Array.from(store.rows.values(), ({ table, key, text }) => {
    const row: object = JSON.parse(text);
    return { table, key, row, slot: 0, checksum: 0 };
  });
}

function ownersOf(store: Store): Set<string> {
  return new Set(Array.from(store.payloads.keys(), (id) => id.slice(0, id.indexOf('/'))));
}

function dropPayloads(store: Store, drop: string): void {
  if (!drop.endsWith('/')) store.payloads.delete(drop);
  else for (const id of store.payloads.keys()) if (id.startsWith(drop)) store.payloads.delete(id);
}
