// LMDB reading: what an opening finds, and the proof that nothing of it was lost or changed.
//
// Owns the one pass over all rows. Does not own the meta record (lmdb-store.ts) or the shape of the file (lmdb-file.ts).

import type { Opened } from './journal.ts';
import { Ledger } from './ledger.ts';
import { damaged, endOf, readMeta, recordsOf, type Meta, type Store } from './lmdb-store.ts';
import { readRecord } from './record.ts';

type Row = Opened['rows'] extends Iterable<infer Item> ? Item : never;

export interface Found {
  readonly meta: Meta;
  readonly ledger: Ledger;
  /** To be consumed once; then none of them is held in memory. */
  readonly rows: Iterable<Row>;
  readonly payloadOwners: ReadonlySet<string>;
}

/** Reads everything but the payloads. Throws `JournalRefused`, and closes the store, unless all is as the last commit left it. */
export async function readStore(store: Store, path: string): Promise<Found> {
  try {
    const meta = readMeta(store, path);
    const { ledger, rows } = readRows(store, path, meta);
    return { meta, ledger, rows: rows.taken(), payloadOwners: payloadOwners(store, path) };
  } catch (error) {
    await store.environment.close();
    throw error;
  }
}

function readRows(store: Store, path: string, meta: Meta): { ledger: Ledger; rows: Columns } {
  const ledger = new Ledger();
  const rows = new Columns();
  for (const { key: slot, value } of recordsOf(store)) {
    // The record may hold secrets: of a damaged one only the place is told.
    if (!Number.isSafeInteger(slot)) throw damaged(path, 'a row has no slot');
    const record = readRecord(value, slot);
    if (!isRowRecord(record)) throw damaged(path, `the row in slot ${slot} does not match its checksum`);
    rows.add(record, slot, value.checksum);
    ledger.load(slot, value.checksum);
  }
  const { rows: count, sum } = ledger.totals;
  if (count !== meta.rows) throw damaged(path, `it holds ${count} rows where its last commit left ${meta.rows}`);
  if (sum !== meta.sum) throw damaged(path, 'a row in it is not the one that its last commit left');
  return { ledger, rows };
}

type RowRecord = [table: string, key: string, row: object];

function isRowRecord(value: unknown): value is RowRecord {
  return Array.isArray(value) && value.length === 3;
}

/** Rows until all of them are verified, column by column: an object more for each of a million is collected for a second. */
class Columns {
  readonly #tables: string[] = [];
  readonly #keys: string[] = [];
  readonly #rows: object[] = [];
  readonly #slots: number[] = [];
  readonly #checksums: number[] = [];

  add([table, key, row]: RowRecord, slot: number, checksum: number): void {
    this.#tables.push(table);
    this.#keys.push(key);
    this.#rows.push(row);
    this.#slots.push(slot);
    this.#checksums.push(checksum);
  }

  /** Each once; then none of them is held here. */
  *taken(): Generator<Row> {
    for (const [at, row] of this.#rows.entries()) yield { table: this.#tables[at]!, key: this.#keys[at]!, row, slot: this.#slots[at]!, checksum: this.#checksums[at]! };
    for (const column of [this.#tables, this.#keys, this.#rows, this.#slots, this.#checksums]) column.length = 0;
  }
}

/** Jumps from owner to owner, whatever the number of their payloads. */
function payloadOwners(store: Store, path: string): Set<string> {
  const owners = new Set<string>();
  for (let [id] = firstKey(store, undefined); id !== undefined; ) {
    const owner = id.split('/', 1)[0] ?? '';
    // Ids that were changed in the file can be of any kind and in any order, and lead back to where we were.
    if (owner === id || owner === '' || owners.has(owner)) throw damaged(path, 'a payload has lost its owner');
    owners.add(owner);
    [id] = firstKey(store, endOf(`${owner}/`));
  }
  return owners;
}

function firstKey(store: Store, start: string | undefined): string[] {
  return Array.from(store.payloads.getKeys({ ...(start !== undefined && { start }), limit: 1 }), String);
}
