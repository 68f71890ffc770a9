// Load: stored rows become tables again.
//
// Owns the order of loading: rows come in no order, and what the indexes derive from them depends on it.

import type { Place } from './changes.ts';
import type { BatchRow, ChunkRow, DeliveryRow, FailuresRow, FloorRow, KeyRow, LeaseRow, LockRow, OutcomesRow, TokensRow } from './rows.ts';
import type { State } from './state.ts';

/** A row, and its place. */
export interface StoredRow extends Place {
  readonly table: string;
  readonly key: string;
  readonly row: object;
}

interface Placed<Row> {
  readonly row: Row;
  readonly place: Place;
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- Rows are what `put` stored: the journal's checksums say so, and its format version that the shape is ours. */

/** Fills the tables of a new state. Throws on a table that this version does not know. */
export function loadRows(state: State, rows: Iterable<StoredRow>): void {
  const leases: Placed<LeaseRow>[] = [];
  const batches: Placed<BatchRow>[] = [];
  const keys: Placed<KeyRow>[] = [];
  for (const stored of rows) {
    const { table, row } = stored;
    switch (table) {
      case 'locks': state.locks.load(row as LockRow, stored); break;
      case 'leases': leases.push({ row: row as LeaseRow, place: stored }); break;
      case 'keys': keys.push({ row: row as KeyRow, place: stored }); break;
      case 'floors': state.floors.load(row as FloorRow, stored); break;
      case 'tokens': state.tokenBlocks.load(row as TokensRow, stored); break;
      case 'batches': batches.push({ row: row as BatchRow, place: stored }); break;
      case 'chunks': state.chunks.load(row as ChunkRow, stored); break;
      case 'outcomes': state.outcomes.load(row as OutcomesRow, stored); break;
      case 'failures': state.failures.load(row as FailuresRow, stored); break;
      case 'deliveries': state.deliveries.load(row as DeliveryRow, stored); break;
      default: throw new Error(`The journal holds a table that this version does not know: ${table}`);
    }
  }
  for (const { row, place } of leases.toSorted(byEnd(leaseEnd))) state.leases.load(row, place);
  for (const { row, place } of keys.toSorted(byEnd((key) => key.keepUntil))) state.keys.load(row, place);
  for (const { row, place } of batches.toSorted(byEnd((batch) => batch.keepUntil))) state.batches.load(row, place);
  const { leaseIndex: { names, declared }, batchIndex: { listed, queued, alone } } = state;
  // Now, and not when somebody first asks for the order, who would keep everybody waiting.
  for (const ordered of [names, declared, listed, queued, alone]) ordered.settle();
  state.leaseOrder = leases.reduce((order, { row }) => Math.max(order, row.order), 0);
  state.batchOrder = batches.reduce((order, { row }) => Math.max(order, row.order), 0);
}

/** Ended leases by their end, held ones by their grant, and those that wait by their place: first come, first served. */
function leaseEnd(row: LeaseRow): number {
  if (row.state === 'waiting') return row.order;
  return row.state === 'held' ? row.heldSince : row.keepUntil;
}

function byEnd<Row extends object>(end: (row: Row) => number | undefined) {
  return (a: Placed<Row>, b: Placed<Row>): number => (end(a.row) ?? 0) - (end(b.row) ?? 0);
}
