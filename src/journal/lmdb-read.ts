// LMDB reading: what an opening finds, and the proof that nothing of it was lost or changed.
//
// Owns the one pass over all rows. Does not own the meta record (lmdb-store.ts) or the shape of the file (lmdb-file.ts).

import type { Opened } from './journal.ts';
import { Ledger } from './ledger.ts';
import { damaged, endOf, type Meta, type Store } from './lmdb-store.ts';
import { checksumOf, readRecord } from './record.ts';

type Row = Opened['rows'] extends Iterable<infer Item> ? Item : never;

/** Every row and its place. Throws `JournalRefused` unless they are exactly those that the last commit left. */
export function readRows(store: Store, path: string, meta: Meta): { ledger: Ledger; rows: Row[] } {
  const ledger = new Ledger();
  const rows: Row[] = [];
  for (const { key: slot, value } of store.rows.getRange()) {
    // The record may hold secrets: of a damaged one only the place is told.
    if (!Number.isSafeInteger(slot)) throw damaged(path, 'a row has no slot');
    const record = readRecord(value, slot);
    if (!isRowRecord(record)) throw damaged(path, `the row in slot ${slot} does not match its checksum`);
    const [table, key, row] = record;
    if (!ledger.load(table, key, slot, checksumOf(value))) throw damaged(path, `the row in slot ${slot} is there twice`);
    rows.push({ table, key, row });
  }
  const { rows: count, sum } = ledger.totals;
  if (count !== meta.rows) throw damaged(path, `it holds ${count} rows where its last commit left ${meta.rows}`);
  if (sum !== meta.sum) throw damaged(path, 'a row in it is not the one that its last commit left');
  return { ledger, rows };
}

function isRowRecord(value: unknown): value is [table: string, key: string, row: object] {
  return Array.isArray(value) && value.length === 3;
}

/** Hands the rows out once, and then holds none of them in memory. */
export function* drain(rows: Row[]): Generator<Row> {
  yield* rows;
  rows.length = 0;
}

/** Jumps from owner to owner, whatever the number of their payloads. */
export function payloadOwners(store: Store, path: string): Set<string> {
  const owners = new Set<string>();
  for (let [id] = firstKey(store, undefined); id !== undefined; ) {
    const owner = String(id).split('/', 1)[0] ?? '';
    // Ids that were changed in the file can be of any kind and in any order, and lead back to where we were.
    if (owner === id || owner === '' || owners.has(owner)) throw damaged(path, 'a payload has lost its owner');
    owners.add(owner);
    [id] = firstKey(store, endOf(`${owner}/`));
  }
  return owners;
}

function firstKey(store: Store, start: string | undefined): string[] {
  return [...store.payloads.getKeys({ ...(start !== undefined && { start }), limit: 1 })];
}
