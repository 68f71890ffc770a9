// Load: stored rows become tables again.
//
// Owns the order of loading: rows come in no order, and what the indexes derive from them depends on it.

import type { BatchRow, ChunkRow, DeliveryRow, FailuresRow, KeyRow, LeaseRow, LockRow, OutcomesRow, TokensRow } from './rows.ts';
import type { State } from './state.ts';

export interface StoredRow {
  readonly table: string;
  readonly key: string;
  readonly row: object;
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- Rows are what `put` stored: the journal's checksums say so, and its format version that the shape is ours. */

/** Fills the tables of a new state. Throws on a table that this version does not know. */
export function loadRows(state: State, rows: Iterable<StoredRow>): void {
  const leases: LeaseRow[] = [];
  const batches: BatchRow[] = [];
  const keys: KeyRow[] = [];
  for (const { table, row } of rows) {
    switch (table) {
      case 'locks': state.locks.load(row as LockRow); break;
      case 'leases': leases.push(row as LeaseRow); break;
      case 'keys': keys.push(row as KeyRow); break;
      case 'tokens': state.tokenBlocks.load(row as TokensRow); break;
      case 'batches': batches.push(row as BatchRow); break;
      case 'chunks': state.chunks.load(row as ChunkRow); break;
      case 'outcomes': state.outcomes.load(row as OutcomesRow); break;
      case 'failures': state.failures.load(row as FailuresRow); break;
      case 'deliveries': state.deliveries.load(row as DeliveryRow); break;
      default: throw new Error(`The journal holds a table that this version does not know: ${table}`);
    }
  }
  for (const row of leases.toSorted(byEnd(leaseEnd))) state.leases.load(row);
  for (const row of keys.toSorted(byEnd((key) => key.keepUntil))) state.keys.load(row);
  for (const row of batches.toSorted(byEnd((batch) => batch.keepUntil))) state.batches.load(row);
  state.leaseOrder = leases.reduce((order, row) => Math.max(order, row.order), 0);
  state.batchOrder = batches.reduce((order, row) => Math.max(order, row.order), 0);
}

/** Ended leases by their end; live ones by their place in line, which is also first come, first served. */
function leaseEnd(row: LeaseRow): number {
  return row.state === 'waiting' || row.state === 'held' ? row.order : row.keepUntil;
}

function byEnd<Row extends object>(end: (row: Row) => number | undefined) {
  return (a: Row, b: Row): number => (end(a) ?? 0) - (end(b) ?? 0);
}
