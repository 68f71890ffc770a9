// Commits, written down as briefly as the tests need them.

import { crc32 } from 'node:zlib';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import type { Place, RowChange } from '../../src/state/changes.ts';
import type { StoredRow } from '../../src/state/load.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';

export function commitOf(commit: Partial<Commit>): Commit {
  return { now: 0, rows: [], payloads: [], drops: [], ...commit };
}

/** Rows as a process has them in memory: each keeps its place from its first commit to its last. */
export class Rows {
  readonly #places = new Map<string, Place>();

  constructor(stored: Iterable<StoredRow> = []) {
    for (const row of stored) this.#places.set(`${row.table}/${row.key}`, row);
  }

  readonly row = (table: string, key: string, value: object | undefined): RowChange => {
    const name = `${table}/${key}`;
    const place = this.#places.get(name) ?? { slot: 0, checksum: 0 };
    if (value === undefined) this.#places.delete(name);
    else this.#places.set(name, place);
    return { table, key, row: value, place };
  };
}

/** Bytes that differ from one `fill` and length to the next. */
export function bytesOf(length: number, fill = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + fill) % 251);
}

export function refTo(id: string, bytes: Uint8Array): PayloadRef {
  return { id, bytes: bytes.length, checksum: crc32(bytes) };
}

/** All rows that an opening found, as `table/key` → row. */
export function rowsIn(journal: Journal): Record<string, object> {
  return Object.fromEntries(Array.from(journal.opened.rows, ({ table, key, row: value }) => [`${table}/${key}`, value]));
}
