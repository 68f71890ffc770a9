// LMDB journal: rows and payloads in one memory-mapped file.
//
// Owns how a commit becomes one transaction, and the order of an opening. Does not own the store's options
// (lmdb-store.ts), what an opening reads and verifies (lmdb-read.ts) or the form of a record (record.ts).
//   M1. Everything of a commit, its meta record included, is one conditional block of writes: it goes through only
//       while the stored epoch is ours. LMDB's own thread compares it inside the transaction, so the fence costs a
//       look-up there and nothing here.
//   M2. All that can throw (JSON, ids) is done before the block begins: a block that throws half-way is written half.
//   M3. What a commit costs depends on what it changes, never on what is stored.

import { crc32 } from 'node:zlib';
import { join } from 'node:path';
import { PAYLOAD_DROPS_PER_COMMIT_MAX } from '../limits.ts';
import type { PayloadRef } from '../state/payloads.ts';
import type { RowChange } from '../state/changes.ts';
import { JournalRefused, PayloadDamaged, messageOf, type Commit, type Durability, type Journal, type Opened } from './journal.ts';
import type { Ledger } from './ledger.ts';
import { assertWhole } from './lmdb-file.ts';
import { readStore, type Found } from './lmdb-read.ts';
import { WAYS_OUT, endOf, ensureStore, flushStore, metaRecord, openStore, writeIfEpoch, type Meta, type Store } from './lmdb-store.ts';
import { RecordWriter, checksumOf } from './record.ts';

const DIRECTORY = 'journal';
/** `owner/rest`; lmdb takes keys of 1,978 bytes at most. */
const PAYLOAD_ID = /^[\w.:-]+\/[\w./:-]{1,256}$/;

/**
 * Opens the journal of a data directory that this process has claimed, makes it when there is none, verifies every row,
 * and raises the epoch, so that whoever had it open before can commit no more.
 *
 * Throws `JournalRefused` when anything is missing, changed or unreadable.
 */
export async function openLmdbJournal(directory: string, durability: Durability = 'flush'): Promise<Journal> {
  const path = join(directory, DIRECTORY);
  try {
    await ensureStore(path);
    assertWhole(path);
    const store = openStore(path, durability);
    const found = await readStore(store, path);
    const opened = await raiseEpoch(store, path, found);
    return new LmdbJournal(store, found.ledger, opened, durability === 'os' ? () => flushStore(path) : undefined);
  } catch (error) {
    if (error instanceof JournalRefused) throw error;
    throw new JournalRefused(`The journal in ${path} cannot be opened: ${messageOf(error)}. If its file is damaged: ${WAYS_OUT}`, { cause: error });
  }
}

async function raiseEpoch(store: Store, path: string, { meta, rows, payloadOwners }: Found): Promise<Opened> {
  const epoch = meta.epoch + 1;
  const raised = await writeIfEpoch(store, meta.epoch, metaRecord({ ...meta, epoch }), epoch);
  if (!raised) throw new JournalRefused(`The journal in ${path} was opened by another process at the same time.`);
  return { now: meta.now, epoch, rows, payloadOwners };
}

class LmdbJournal implements Journal {
  readonly opened: Opened;
  readonly #store: Store;
  readonly #ledger: Ledger;
  /** Flushes the closed store, where its commits were not. */
  readonly #flush: (() => Promise<void>) | undefined;
  readonly #writer = new RecordWriter();
  /** Owners whose payloads are being deleted. After a crash the start finds what is left by `payloadOwners`. */
  readonly #dropping: string[] = [];
  #status: 'open' | 'committing' | 'failed' | 'closed' = 'open';
  #settled: Promise<unknown> = Promise.resolve();

  constructor(store: Store, ledger: Ledger, opened: Opened, flush: (() => Promise<void>) | undefined) {
    this.#store = store;
    this.#ledger = ledger;
    this.opened = opened;
    this.#flush = flush;
  }

  async commit(commit: Commit): Promise<void> {
    if (this.#status !== 'open') throw new Error(`The journal takes no commit: it is ${this.#status}.`);
    this.#status = 'committing';
    try {
      const written = this.#write(commit);
      this.#settled = written.catch(() => {});
      if (!(await written)) throw new Error('the journal was opened again since');
      this.#status = 'open';
    } catch (error) {
      this.#status = 'failed';
      throw new Error(`The journal could not be written: ${messageOf(error)}.`, { cause: error });
    }
  }

  readPayload(ref: PayloadRef): Uint8Array {
    const bytes = this.#bytesOf(ref.id);
    if (bytes === undefined || bytes.length !== ref.bytes || crc32(bytes) !== ref.checksum) {
      throw new PayloadDamaged(`Payload ${ref.id} is missing or damaged.`);
    }
    return bytes;
  }

  /** After a write that failed lmdb refuses to read too, and may do so before it has told of the write. */
  #bytesOf(id: string): Uint8Array | undefined {
    try {
      return this.#store.payloads.getBinary(id);
    } catch (error) {
      throw new Error(`The journal could not be read: ${messageOf(error)}.`, { cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.#status === 'closed') return;
    await this.#settled;
    // After a failed write lmdb's own memory is not to be trusted; there is nothing left to save.
    if (this.#status !== 'failed') {
      await this.#store.environment.close();
      await this.#flush?.();
    }
    this.#status = 'closed';
  }

  #write(commit: Commit): Promise<boolean> {
    const { rows, payloads } = this.#store;
    const epoch = this.opened.epoch;
    const drops = this.#payloadsToDrop(commit.drops);
    for (const { id } of commit.payloads) assertPayloadId(id);
    this.#writer.begin();
    const { puts, removes } = this.#encode(commit.rows);
    const meta: Meta = { now: commit.now, epoch, ...this.#ledger.totals };
    return writeIfEpoch(this.#store, epoch, metaRecord(meta, this.#writer), epoch, () => {
      for (const { slot, record } of puts) void rows.put(slot, record);
      for (const slot of removes) void rows.remove(slot);
      for (const id of drops) void payloads.remove(id);
      for (const { id, bytes } of commit.payloads) void payloads.put(id, bytes);
    });
  }

  /** The rows that have gone come first: their slots serve those that are new. */
  #encode(changes: readonly RowChange[]): { puts: { readonly slot: number; readonly record: Buffer }[]; removes: readonly number[] } {
    const freed: number[] = [];
    for (const { row, place } of changes) {
      const slot = row === undefined ? this.#ledger.delete(place) : undefined;
      if (slot !== undefined) freed.push(slot);
    }
    freed.reverse();
    const puts = [];
    for (const { table, key, row, place } of changes) {
      if (row === undefined) continue;
      const slot = place.slot === 0 ? this.#ledger.slot(freed) : place.slot;
      const record = this.#writer.write([table, key, row], slot);
      this.#ledger.put(place, slot, checksumOf(record));
      puts.push({ slot, record });
    }
    return { puts, removes: freed };
  }

  /**
   * An owner can have 100,000 payloads: deleting them in one commit would hold up every lock meanwhile. No row names
   * them any more, so it does not matter when they go; each commit takes its share.
   */
  #payloadsToDrop(drops: readonly string[]): string[] {
    const ids: string[] = [];
    for (const drop of drops) (drop.endsWith('/') ? this.#dropping : ids).push(drop);
    let room = PAYLOAD_DROPS_PER_COMMIT_MAX;
    for (let owner = this.#dropping[0]; owner !== undefined && room > 0; owner = this.#dropping[0]) {
      const some = [...this.#store.payloads.getKeys({ start: owner, end: endOf(owner), limit: room })];
      ids.push(...some);
      if (some.length < room) this.#dropping.shift();
      room -= some.length;
    }
    return ids;
  }
}

function assertPayloadId(id: string): void {
  if (!PAYLOAD_ID.test(id)) throw new Error('A payload id has the form owner/rest, in at most 256 plain characters each.');
}
