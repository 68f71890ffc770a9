// Rows: what the service remembers, table by table.
//
// Owns the shapes. Times named `…At` with a comment "now" are milliseconds that the service ran; the others are wall
// time in milliseconds of the epoch, stored as they came with an input. Durable unless it says volatile.

import type { FunctionInfo, LockDeclaration, TaskError } from './inputs.ts';
import type { Json } from './json.ts';
import type { PayloadRef } from './payloads.ts';

/** A lock that somebody declared. One that nobody declared has no row. */
export interface LockRow extends LockDeclaration {
  readonly createdAt: number;
}

// --- leases ---------------------------------------------------------------------------------------------------------

/** Who asked for a lease, and so what its place in the line depends on. */
export type Claimant =
  | { readonly by: 'connection'; readonly key?: string | undefined }
  | { readonly by: 'ticket'; readonly key?: string | undefined }
  | { readonly by: 'task'; readonly worker: number; readonly scope: number; readonly call: number };

interface LeaseBase {
  readonly id: string;
  readonly lock: string;
  /** Rises with each acquire: first come, first served. */
  readonly order: number;
  readonly claimant: Claimant;
  readonly owner?: string | undefined;
  readonly metadata?: Json | undefined;
  readonly ttlMs: number;
  /** now */
  readonly askedAt: number;
}

export interface WaitingLease extends LeaseBase {
  readonly state: 'waiting';
  /** now; a task's wait has no end of its own. */
  readonly waitUntil?: number | undefined;
}

export interface HeldLease extends LeaseBase {
  readonly state: 'held';
  readonly fencingToken: number;
  readonly grantedAt: number;
  readonly waitedMs: number;
  /** now; a task's lease has none and ends with its task. */
  readonly expiresAt?: number | undefined;
  /** now, of the grant: what `lock_hold_seconds` counts from. */
  readonly heldSince: number;
  /** No answer has carried this grant, and none is on its way. Only of a ticket's grant a row says so. */
  readonly unclaimed?: true | undefined;
}

export type LeaseEnd = 'released' | 'expired' | 'revoked' | 'timed_out' | 'abandoned';

export interface EndedLease extends LeaseBase {
  readonly state: LeaseEnd;
  readonly fencingToken?: number | undefined;
  readonly grantedAt?: number | undefined;
  readonly waitedMs: number;
  /** Why it was revoked, in the words of who did it. */
  readonly reason?: string | undefined;
  /** now; then it is forgotten. */
  readonly keepUntil: number;
}

export type LiveLease = WaitingLease | HeldLease;
export type LeaseRow = LiveLease | EndedLease;

/**
 * Volatile. A grant that no answer is known to have carried, or a place that nobody attends to: after its grace it is
 * abandoned. A place that somebody listens to has no such row, nor has a grant that was carried, or that a single answer
 * can carry.
 */
export interface AttendanceRow {
  readonly lease: string;
  /** now; absent while somebody listens, or while the service starts or stops. */
  readonly abandonAt?: number | undefined;
}

/** Volatile. A request whose answer is still to come, or is a grant that has not been carried yet. */
export interface ListenerRow {
  readonly request: number;
  readonly on: { readonly kind: 'acquire' | 'follow'; readonly lease: string } | { readonly kind: 'batch'; readonly batch: string; readonly inline: boolean };
  /** now; the request is answered then with what there is. */
  readonly waitUntil?: number | undefined;
  /** Its answer, a grant, is on its way: what is left to hear is whether a connection carried it. */
  readonly told?: true | undefined;
}

/** An `Idempotency-Key` and what it named. */
export interface KeyRow {
  readonly id: string;
  readonly fingerprint: string;
  readonly names: { readonly kind: 'lease' | 'batch' | 'lock'; readonly id: string };
  /** now; absent while what it named lives. */
  readonly keepUntil?: number | undefined;
}

/**
 * No client's lease ends before it: a gap in time was cut. One row, and stored, as clients are told of it and have to find it
 * after a restart too.
 */
export interface FloorRow {
  readonly id: 'floor';
  /** now */
  readonly until: number;
}

/** The end of the block that fencing tokens are drawn from. One row. */
export interface TokensRow {
  readonly id: 'tokens';
  readonly end: number;
}

// --- batches --------------------------------------------------------------------------------------------------------

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}

export type BatchState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface BatchRow {
  readonly id: string;
  /** Rises with each batch: chunks start in this order. */
  readonly order: number;
  readonly state: BatchState;
  readonly function: string;
  readonly call: 'map' | 'starmap';
  readonly chunkSize: number;
  readonly timeoutMs: number;
  readonly counts: Counts;
  /** The initializer and globals, where it has any. */
  readonly setup?: PayloadRef | undefined;
  /** The initializer has failed: what has not begun fails with this. */
  readonly setupError?: TaskError | undefined;
  readonly cancelled?: true | undefined;
  /** The first failure that arrived; that items were cancelled, while none has failed. */
  readonly error?: TaskError | undefined;
  readonly callbackUrl?: string | undefined;
  readonly errorCallbackUrl?: string | undefined;
  /** The id of the delivery that the end may owe. */
  readonly delivery: string;
  readonly deliveryEvent?: string | undefined;
  readonly key?: string | undefined;
  /** Bytes of the items of chunks that are not done, and of results (the setup among them). */
  readonly itemBytes: number;
  readonly resultBytes: number;
  /** Chunks that are not done. */
  readonly chunks: number;
  /** Failures that nobody has fetched and no callback has delivered. */
  readonly unread?: true | undefined;
  readonly createdAt: number;
  /** When its first task, or the setup for it, was given to a thread. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** now; then it is forgotten. */
  readonly keepUntil?: number | undefined;
}

/** Items that one worker takes at once. Gone when each of them has its outcome. */
export interface ChunkRow {
  readonly id: string;
  readonly batch: string;
  /** Index of the batch's item that the payload begins with, and one past its last. */
  readonly first: number;
  readonly end: number;
  /** The first item without an outcome. */
  readonly next: number;
  readonly payload: PayloadRef;
  /** The number of the attempt that runs, or that is the next to run. */
  readonly attempt: number;
  /** How often it ended together with the process. */
  readonly losses: number;
  /** `claimed`: it waits like one that is queued, and its attempt counts already, so that it may begin at any moment. */
  readonly state: 'queued' | 'claimed' | 'running';
  /** In a last attempt: whether the setup or the call of item `next` has begun; each is durable before it starts. */
  readonly alone?: 'setup' | 'call' | undefined;
  /** now, when it was queued: what `task_queue_seconds` counts from. */
  readonly queuedAt: number;
}

export interface Outcome {
  readonly state: 'succeeded' | 'failed' | 'cancelled';
  /** 0 for an item that never began. Not shown then. */
  readonly attempt: number;
  readonly durationMs: number;
  /** JSON text `{ value?, error?, logs? }`; absent when the value is null and nothing was printed. */
  readonly payload?: PayloadRef | undefined;
}

/** The outcomes of `OUTCOMES_PER_ROW` items of a batch; null where there is none yet. */
export interface OutcomesRow {
  readonly id: string;
  readonly outcomes: readonly (Outcome | null)[];
}

/** The first `WEBHOOK_ERRORS_MAX` failures of a batch that arrived, for its error callback. Gone when the batch has ended. */
export interface FailuresRow {
  readonly batch: string;
  readonly errors: readonly { readonly index: number; readonly error: TaskError }[];
}

export type DeliveryState = 'pending' | 'delivered' | 'dead';

export interface DeliveryRow {
  readonly id: string;
  readonly batch: string;
  readonly event: 'batch.succeeded' | 'batch.failed' | 'batch.cancelled';
  readonly url: string;
  readonly payload: PayloadRef;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastError?: string | undefined;
  /** now */
  readonly createdAt: number;
  /** now; when the next attempt may begin. Absent while one is under way or waits only for its turn. */
  readonly nextAt?: number | undefined;
}

/** Volatile. An attempt at a delivery that is under way. */
export interface SendingRow {
  readonly delivery: string;
  readonly attempt: number;
  readonly receiver: string;
}

// --- workers (all volatile) -----------------------------------------------------------------------------------------

/** An order in a thread's hand: told ahead of its time, and not known to have begun. */
export interface Handed {
  /** The thread's own numbering. */
  readonly number: number;
  readonly chunk: string;
  /** It began on a thread that was told to end, and so does not count. */
  readonly isSpoiled?: true | undefined;
}

export interface WorkerRow {
  readonly worker: number;
  /** The batch whose setup it has; absent for a thread without a setup. */
  readonly setup?: string | undefined;
  /** `between`: what it ran has ended, and what it runs of its hand is not known yet. */
  readonly state: 'starting' | 'setup' | 'idle' | 'running' | 'between' | 'ending' | 'stuck';
  /** The chunk it runs, or was started for. */
  readonly chunk?: string | undefined;
  /** The item that runs, and one past the last that it was told to run. */
  readonly item?: number | undefined;
  readonly end?: number | undefined;
  /** now, when the running item (or the setup) began. */
  readonly since: number;
  /** now; what comes due is told by the state: a time-out, the end of a cancelled task's grace, a stuck thread. */
  readonly dueAt?: number | undefined;
  /** now, when it got the chunk. */
  readonly chunkAt?: number | undefined;
  /** Why it was told to end, and so how the running item fails. */
  readonly ending?: 'timeout' | 'cancelled' | 'replaced' | 'stopped' | undefined;
  /** The running item was told to stop because its batch was cancelled. */
  readonly aborted?: true | undefined;
  /** A lock that the running item held was revoked. */
  readonly lockLost?: string | undefined;
  /** What it was told was told at once: what is told at once from now on comes behind. */
  readonly isTold?: true | undefined;
  /** What it goes on with by itself, in this order. */
  readonly hand?: readonly Handed[] | undefined;
  /** The number of the latest order that it was told ahead. */
  readonly latestNumber?: number | undefined;
  /** Its hand was asked back. It is handed nothing more before it has begun another chunk. */
  readonly recalled?: true | undefined;
  /** (between) It was left less than it was ordered to run, and may still be in an item that nobody wants. */
  readonly isCut?: true | undefined;
}

/** What the functions folder holds, as the latest worker reported it. */
export interface Registry {
  readonly functions: ReadonlyMap<string, FunctionInfo>;
  readonly broken: readonly { readonly module: string; readonly message: string }[];
}

