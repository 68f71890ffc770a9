// State: all tables together, and the indexes and deadlines that follow from their rows.
//
// Owns what is derived: each index below can be rebuilt from rows alone and is kept by the tables as rows change.
// Does not own rules; those are in locks/ and batches/.

import { Changes, type Checksum } from './changes.ts';
import { Deadline, Deadlines, type DeadlineKind } from './deadlines.ts';
import { Fifo } from './fifo.ts';
import { BatchIndex, LeaseIndex } from './indexes.ts';
import type {
  AttendanceRow, BatchRow, ChunkRow, DeliveryRow, FailuresRow, FloorRow, KeyRow, LeaseRow, ListenerRow, LockRow,
  OutcomesRow, Registry, SendingRow, TokensRow, WorkerRow,
} from './rows.ts';
import { DurableTable, Table, type Kept } from './tables.ts';

export interface Settings {
  /** How many worker threads there may be, setups included. */
  readonly workers: number;
  /** CRC-32 of payload bytes, as the journal checks it. */
  readonly checksum: Checksum;
  /** No fencing token at or below this is given out: for a directory restored from a copy. */
  readonly tokenFloor: number;
}

/** Fencing tokens: drawn from a block whose end is a row. */
export interface Tokens {
  next: number;
  /** One past the last of the block that is recorded. */
  end: number;
  /** The same, as far as it is flushed. */
  flushedEnd: number;
}

export class State {
  readonly settings: Settings;
  readonly changes: Changes;
  readonly deadlines = new Deadlines();
  /**
   * When the oldest ended lease is forgotten, as it was when this was set. They are forgotten in the order of their ends,
   * and a hundred thousand deadlines would make every change of the heap dear. What comes due sets it anew.
   */
  readonly forgetting = new Deadline('forget', 'leases');
  /** When a thread may be started again. */
  readonly restarting = new Deadline('restart', 'pool');
  readonly leaseIndex: LeaseIndex;
  readonly batchIndex = new BatchIndex();
  /** Keys whose lease, batch or lock has ended, oldest end first. */
  readonly endedKeys = new Fifo();

  readonly locks: DurableTable<LockRow>;
  readonly leases: DurableTable<LeaseRow>;
  readonly keys: DurableTable<KeyRow>;
  readonly floors: DurableTable<FloorRow>;
  readonly tokenBlocks: DurableTable<TokensRow>;
  readonly batches: DurableTable<BatchRow>;
  readonly chunks: DurableTable<ChunkRow>;
  readonly outcomes: DurableTable<OutcomesRow>;
  readonly failures: DurableTable<FailuresRow>;
  readonly deliveries: DurableTable<DeliveryRow>;

  /** Volatile: leases and places of tasks, and places of connections without a key. */
  readonly places: Table<LeaseRow>;
  readonly attendance: Table<AttendanceRow>;
  readonly listeners: Table<ListenerRow, number>;
  readonly sending: Table<SendingRow>;
  readonly workers: Table<WorkerRow>;

  registry: Registry | undefined;
  tokens: Tokens = { next: 1, end: 1, flushedEnd: 1 };
  /** Threads lost one after another, and `now` before which none is started. */
  restart: { losses: number; notBefore: number } = { losses: 0, notBefore: 0 };
  /** How many chunks may be claimed: more while chunks are quick, none where a commit costs little beside them. */
  ahead = 0;
  phase: 'serving' | 'draining' | 'stopped' = 'serving';
  /** The port is open. Before, no item and no attempt at a delivery begins: a start that is refused leaves nothing behind. */
  opened = false;
  /** now, of the opening of the port, and Infinity before it; leases found at the start get a floor under their deadlines. */
  startedAt = 0;
  /** The order of the latest acquire, the latest batch and the latest worker. */
  leaseOrder = 0;
  batchOrder = 0;
  workerNumber = 0;

  constructor(settings: Settings) {
    this.settings = settings;
    const changes = new Changes(settings.checksum);
    this.changes = changes;
    const due = this.#due.bind(this);
    this.leaseIndex = new LeaseIndex((name) => this.locks.get(name) !== undefined);
    const leases = this.leaseIndex;
    const batches = this.batchIndex;

    this.locks = new DurableTable('locks', (row) => row.name, changes, [(before, after) => leases.lockChanged(before, after)]);
    this.leases = new DurableTable<LeaseRow>('leases', (row) => row.id, changes, [
      (before, after) => leases.leaseChanged(before, after),
      (_before, after) => this.#firstEndedDue(after),
      (before, after) => { if (after !== undefined || isLive(before)) changes.touchLock((after ?? before)!.lock); },
      due('lease', (row) => row.id, leaseDue),
    ]);
    this.places = new Table<LeaseRow>((row) => row.id, [
      (before, after) => leases.leaseChanged(before, after),
      due('lease', (row) => row.id, leaseDue),
    ]);
    this.keys = new DurableTable<KeyRow>('keys', (row) => row.id, changes, [
      ended(this.endedKeys, (row) => row.id),
      due('key', (row) => row.id, (row) => row.keepUntil),
    ]);
    this.floors = new DurableTable('floors', (row) => row.id, changes);
    this.tokenBlocks = new DurableTable('tokens', (row) => row.id, changes);
    this.batches = new DurableTable<BatchRow>('batches', (row) => row.id, changes, [
      (before, after) => batches.batchChanged(before, after),
      due('batch', (row) => row.id, (row) => row.keepUntil),
    ]);
    this.chunks = new DurableTable<ChunkRow>('chunks', (row) => row.id, changes, [(before, after) => batches.chunkChanged(before, after)]);
    this.outcomes = new DurableTable('outcomes', (row) => row.id, changes);
    this.failures = new DurableTable('failures', (row) => row.batch, changes);
    this.deliveries = new DurableTable<DeliveryRow>('deliveries', (row) => row.id, changes, [
      (before, after) => batches.deliveryChanged(before, after),
      due('delivery', (row) => row.id, (row) => (row.state === 'pending' ? row.nextAt : undefined)),
    ]);
    this.attendance = new Table<AttendanceRow>((row) => row.lease, [due('attendance', (row) => row.lease, (row) => row.abandonAt)]);
    this.listeners = new Table<ListenerRow, number>((row) => row.request, [
      (before, after) => leases.listenerChanged(before, after),
      due('listener', (row) => String(row.request), (row) => row.waitUntil),
    ]);
    this.sending = new Table<SendingRow>((row) => row.delivery, [(before, after) => batches.sendingChanged(before, after)]);
    this.workers = new Table<WorkerRow>((row) => String(row.worker), [
      (before, after) => batches.workerChanged(before, after),
      due('worker', (row) => String(row.worker), (row) => row.dueAt),
    ]);
  }

  /** now; no client's lease ends before it (after a stall). */
  get leaseFloor(): number {
    return this.floors.get('floor')?.until ?? 0;
  }

  #firstEndedDue(after: LeaseRow | undefined): void {
    const { ended: queue } = this.leaseIndex;
    if (queue.size === 1 && queue.first() === after) this.deadlines.set(this.forgetting, queue.first()?.keepUntil);
  }

  /** Makes the index that keeps the deadlines of one table's rows. */
  #due<Row>(kind: DeadlineKind, keyOf: (row: Row) => string, dueAt: (row: Row) => number | undefined) {
    return (_before: Row | undefined, after: Row | undefined, kept: Kept): void => {
      const next = after === undefined ? undefined : dueAt(after);
      if (after !== undefined && next !== undefined) kept.deadline ??= new Deadline(kind, keyOf(after));
      if (kept.deadline === undefined) return;
      this.deadlines.set(kept.deadline, next);
      if (next === undefined) kept.deadline = undefined;
    };
  }
}

function isLive(row: LeaseRow | undefined): boolean {
  return row?.state === 'waiting' || row?.state === 'held';
}

function leaseDue(row: LeaseRow): number | undefined {
  if (row.state === 'waiting') return row.waitUntil;
  return row.state === 'held' ? row.expiresAt : undefined;
}

/** An index of rows that have a `keepUntil`, in the order in which they got it. */
function ended<Row extends { readonly keepUntil?: number | undefined }>(queue: Fifo, keyOf: (row: Row) => string) {
  return (before: Row | undefined, after: Row | undefined): void => {
    const key = keyOf((after ?? before)!);
    const had = before?.keepUntil !== undefined;
    const has = after?.keepUntil !== undefined;
    if (has && !had) queue.add(key);
    if (had && !has) queue.remove(key);
  };
}
