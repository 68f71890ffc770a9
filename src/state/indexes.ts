// Indexes: what can be asked of leases and batches without walking over all of them.
//
// Owns what is derived from rows, one class for each half of the service. Told of every change by the tables (T2).

import { PROCESS_LOSSES_MAX } from '../limits.ts';
import { Fifo } from './fifo.ts';
import { emptyLine, HeldLines, type Line } from './lines.ts';
import { Ordered } from './ordered.ts';
import { Queue } from './queue.ts';
import { Outbox } from './outbox.ts';
import type {
  BatchRow, BatchState, ChunkRow, DeliveryRow, EndedLease, Handed, LeaseRow, ListenerRow, LockRow, SendingRow, WorkerRow,
} from './rows.ts';

const NOBODY = new Fifo();

export class LeaseIndex {
  readonly lines = new Map<string, Line>();
  /** The lines that have a holder, the one that is held longest first. */
  readonly held = new HeldLines();
  /** The locks that somebody waits for. */
  readonly contended = new Set<string>();
  /** Every lock there is: declared, held or waited for. */
  readonly names = new Ordered();
  readonly declared = new Ordered();
  /** Ended leases, oldest end first, and so in the order in which they are forgotten. */
  readonly ended = new Queue<EndedLease>();
  /** Leases of clients that are held or wait. */
  clientLeases = 0;
  waiters = 0;
  holders = 0;
  /** Leases and places of the task (or initializer) that runs on a worker. */
  readonly #ofWorker = new Map<number, Set<string>>();
  /** The requests that listen to a lease, and to a batch. */
  readonly #listeners: Requests = new Map();
  readonly #batchListeners: Requests = new Map();
  readonly #isDeclared: (lock: string) => boolean;

  constructor(isDeclared: (lock: string) => boolean) {
    this.#isDeclared = isDeclared;
  }

  queue(lock: string): Fifo {
    return this.lines.get(lock)?.queue ?? NOBODY;
  }

  listenersOf(lease: string): readonly number[] {
    return requestsOf(this.#listeners, lease);
  }

  batchListenersOf(batch: string): readonly number[] {
    return requestsOf(this.#batchListeners, batch);
  }

  leasesOf(worker: number): ReadonlySet<string> {
    return this.#ofWorker.get(worker) ?? NO_LEASES;
  }

  lockChanged(before: LockRow | undefined, after: LockRow | undefined): void {
    const { name } = (after ?? before)!;
    if (after === undefined) {
      this.declared.delete(name);
      if (!this.lines.has(name)) this.names.delete(name);
    } else if (before === undefined) {
      this.declared.add(name);
      this.names.add(name);
    }
  }

  leaseChanged(before: LeaseRow | undefined, after: LeaseRow | undefined): void {
    if (before === undefined && after?.claimant.by === 'task') this.#join(after.claimant.worker, after.id);
    if (after === undefined && before?.claimant.by === 'task') this.#part(before.claimant.worker, before.id);
    if (before !== undefined && before.state !== after?.state) this.#leave(before);
    if (after !== undefined && after.state !== before?.state) this.#enter(after);
  }

  listenerChanged(before: ListenerRow | undefined, after: ListenerRow | undefined): void {
    const row = (after ?? before)!;
    const all = row.on.kind === 'batch' ? this.#batchListeners : this.#listeners;
    const id = row.on.kind === 'batch' ? row.on.batch : row.on.lease;
    const known = requestsOf(all, id);
    if (after === undefined) {
      if (known.length === 1) all.delete(id);
      else all.set(id, known.filter((request) => request !== row.request));
    } else if (before === undefined) {
      all.set(id, known.length === 0 ? row.request : [...known, row.request]);
    }
  }

  #enter(row: LeaseRow): void {
    if (row.state !== 'waiting' && row.state !== 'held') {
      this.ended.add(row);
      return;
    }
    if (row.claimant.by !== 'task') this.clientLeases++;
    const line = this.#line(row.lock);
    if (row.state === 'held') {
      line.holder = row.id;
      this.held.add(line);
      this.holders++;
    } else {
      line.queue ??= new Fifo();
      line.queue.add(row.id);
      if (line.queue.size === 1) this.contended.add(row.lock);
      this.waiters++;
    }
  }

  #leave(row: LeaseRow): void {
    if (row.state !== 'waiting' && row.state !== 'held') {
      this.ended.shift();
      return;
    }
    if (row.claimant.by !== 'task') this.clientLeases--;
    const line = this.#line(row.lock);
    if (row.state === 'held') {
      line.holder = undefined;
      this.held.remove(line);
      this.holders--;
    } else {
      line.queue?.remove(row.id);
      if (line.queue?.size === 0) this.contended.delete(row.lock);
      this.waiters--;
    }
    if (line.holder === undefined && (line.queue?.size ?? 0) === 0) this.#close(row.lock);
  }

  #join(worker: number, lease: string): void {
    const leases = this.#ofWorker.get(worker);
    if (leases === undefined) this.#ofWorker.set(worker, new Set([lease]));
    else leases.add(lease);
  }

  #part(worker: number, lease: string): void {
    const leases = this.#ofWorker.get(worker);
    leases?.delete(lease);
    if (leases?.size === 0) this.#ofWorker.delete(worker);
  }

  #line(lock: string): Line {
    let line = this.lines.get(lock);
    if (line === undefined) {
      this.lines.set(lock, (line = emptyLine()));
      this.names.add(lock);
    }
    return line;
  }

  #close(lock: string): void {
    this.lines.delete(lock);
    if (!this.#isDeclared(lock)) this.names.delete(lock);
  }
}

/** Mostly there is one: a list for it would take 56 bytes more of each who waits. */
type Requests = Map<string, number | readonly number[]>;

function requestsOf(all: Requests, id: string): readonly number[] {
  const known = all.get(id);
  if (known === undefined) return NO_REQUESTS;
  return typeof known === 'number' ? [known] : known;
}

const NO_REQUESTS: readonly number[] = [];
const NO_LEASES: ReadonlySet<string> = new Set();
const NOTHING_IN_HAND: readonly Handed[] = [];
const ORDER_DIGITS = 15;
const ITEM_DIGITS = 6;

/** Chunk ids sort as chunks start: by batch, then by item. */
export function chunkId(batchOrder: number, first: number): string {
  return `${String(batchOrder).padStart(ORDER_DIGITS, '0')}.${String(first).padStart(ITEM_DIGITS, '0')}`;
}

function isWaiting(chunk: ChunkRow | undefined): boolean {
  return chunk !== undefined && chunk.state !== 'running';
}

/** Sorts the newest batch first. */
function batchListKey(order: number): string {
  return String(10 ** ORDER_DIGITS - 1 - order).padStart(ORDER_DIGITS, '0');
}

export class BatchIndex {
  /** Keys of all batches, newest first, and the batch behind each. */
  readonly listed = new Ordered();
  readonly byListKey = new Map<string, string>();
  /** Ids of chunks that wait for a worker and are in no thread's hand, in the order in which they start. */
  readonly queued = new Ordered();
  /** Those that are claimed, in a hand or not. */
  readonly claimed = new Set<string>();
  /** Those in a thread's hand. */
  readonly handed = new Set<string>();
  /** Ids of chunks that ended with the process so often that their items run alone, in the order in which they start. */
  readonly alone = new Ordered();
  /** Ids of chunks of each batch that are not done. */
  readonly chunksOf = new Map<string, Set<string>>();
  /** Ended batches that owe nothing, in the order in which they came to that, and the bytes of their results. */
  readonly ended = new Fifo();
  endedBytes = 0;
  /** Ended batches whose delivery is pending are not forgotten: the bytes of their results and of what is delivered. */
  owedBytes = 0;
  /** Chunks and bytes of batches that have not ended. */
  openChunks = 0;
  openBytes = 0;
  readonly byState: Record<BatchState, number> = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  /** Failed items of batches that nobody has asked about. */
  unreadErrors = 0;
  pendingDeliveries = 0;
  readonly outbox = new Outbox();

  batchChanged(before: BatchRow | undefined, after: BatchRow | undefined): void {
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
    if (before === undefined && after !== undefined) this.#list(after);
    if (before !== undefined && after === undefined) this.#unlist(before);
    if (after?.keepUntil !== undefined && before?.keepUntil === undefined) this.ended.add(after.id);
  }

  chunkChanged(before: ChunkRow | undefined, after: ChunkRow | undefined): void {
    const { id, batch } = (after ?? before)!;
    if (after === undefined) {
      const chunks = this.chunksOf.get(batch);
      chunks?.delete(id);
      if (chunks?.size === 0) this.chunksOf.delete(batch);
    } else if (before === undefined) {
      const chunks = this.chunksOf.get(batch);
      if (chunks === undefined) this.chunksOf.set(batch, new Set([id]));
      else chunks.add(id);
    }
    if (isWaiting(after) !== isWaiting(before)) {
      if (isWaiting(after)) this.queued.add(id);
      else this.queued.delete(id);
    }
    if (after?.state === 'claimed') this.claimed.add(id);
    else if (before?.state === 'claimed') this.claimed.delete(id);
    if (after !== undefined && after.losses >= PROCESS_LOSSES_MAX) this.alone.add(id);
    else if (before !== undefined && before.losses >= PROCESS_LOSSES_MAX) this.alone.delete(id);
  }

  /** What has left a hand waits again, unless it has begun. */
  workerChanged(before: WorkerRow | undefined, after: WorkerRow | undefined): void {
    const had = before?.hand ?? NOTHING_IN_HAND;
    const has = after?.hand ?? NOTHING_IN_HAND;
    if (had === has) return;
    for (const { chunk } of had) {
      this.handed.delete(chunk);
      if (this.claimed.has(chunk)) this.queued.add(chunk);
    }
    for (const { chunk } of has) {
      this.handed.add(chunk);
      this.queued.delete(chunk);
    }
  }

  deliveryChanged(before: DeliveryRow | undefined, after: DeliveryRow | undefined): void {
    if (before?.state === 'pending') this.#countPending(before, -1);
    if (after?.state === 'pending') this.#countPending(after, 1);
    this.outbox.deliveryChanged(before, after);
  }

  sendingChanged(before: SendingRow | undefined, after: SendingRow | undefined): void {
    this.outbox.sendingChanged(before, after);
  }

  #count(row: BatchRow, by: 1 | -1): void {
    this.byState[row.state] += by;
    if (row.unread === true) this.unreadErrors += by * row.counts.failed;
    if (row.endedAt === undefined) {
      this.openChunks += by * row.chunks;
      this.openBytes += by * (row.itemBytes + row.resultBytes);
    } else if (row.keepUntil === undefined) {
      this.owedBytes += by * row.resultBytes;
    } else {
      this.endedBytes += by * row.resultBytes;
    }
  }

  #countPending(row: DeliveryRow, by: 1 | -1): void {
    this.pendingDeliveries += by;
    this.owedBytes += by * row.payload.bytes;
  }

  #list(row: BatchRow): void {
    const key = batchListKey(row.order);
    this.listed.add(key);
    this.byListKey.set(key, row.id);
  }

  #unlist(row: BatchRow): void {
    const key = batchListKey(row.order);
    this.listed.delete(key);
    this.byListKey.delete(key);
    if (row.keepUntil !== undefined) this.ended.remove(row.id);
  }
}
