// Inputs: everything that can happen to the machine, and nothing else can.
//
// Owns the shapes. A client's request carries `request`, the number under which its answer is given; reports of the
// world (a worker, a receiver, the clock) carry none. Ids and randomness arrive in an input, time beside it.

import type { Json } from './json.ts';

/** An `Idempotency-Key`: `id` is a digest of caller, method, path and key, `fingerprint` one of the body. */
export interface RequestKey {
  readonly id: string;
  readonly fingerprint: string;
}

interface Asked {
  readonly request: number;
}

/** What a client of the HTTP interface asks for. Each is answered exactly once. */
export type LockRequest =
  | (Asked & { readonly kind: 'createLock'; readonly lock: LockDeclaration; readonly key?: RequestKey | undefined })
  | (Asked & { readonly kind: 'putLock'; readonly lock: LockDeclaration })
  | (Asked & { readonly kind: 'listLocks'; readonly prefix: string; readonly state?: 'locked' | 'unlocked' | undefined } & Page)
  | (Asked & { readonly kind: 'showLock'; readonly name: string })
  | (Asked & { readonly kind: 'listWaiters'; readonly name: string } & Page)
  | (Asked & { readonly kind: 'deleteLock'; readonly name: string })
  | (Asked & { readonly kind: 'revoke'; readonly name: string; readonly fencingToken?: number | undefined; readonly reason?: string | undefined })
  | (Asked & AcquireFields & { readonly kind: 'acquire'; readonly lease: string; readonly ticket: boolean; readonly key?: RequestKey | undefined })
  /** `held`: one that has ended is refused instead of shown. */
  | (Asked & { readonly kind: 'readLease'; readonly lease: string; readonly waitMs: number; readonly held?: true | undefined })
  | (Asked & { readonly kind: 'renew'; readonly lease: string; readonly ttlMs?: number | undefined })
  | (Asked & { readonly kind: 'release'; readonly lease: string });

export interface LockDeclaration {
  readonly name: string;
  readonly kind: 'mutex';
  readonly description: string;
  readonly labels: { readonly [name: string]: string };
}

export interface AcquireFields {
  readonly lock: string;
  readonly owner?: string | undefined;
  readonly ttlMs: number;
  /** How long to wait in line, from the arrival of the input; 0 tries once. */
  readonly waitMs: number;
  readonly metadata?: Json | undefined;
}

export interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export type BatchRequest =
  | (Asked & { readonly kind: 'submitBatch'; readonly batch: BatchSubmission; readonly waitMs?: number | undefined; readonly key?: RequestKey | undefined })
  | (Asked & { readonly kind: 'readBatch'; readonly batch: string; readonly waitMs: number })
  | (Asked & { readonly kind: 'listBatches'; readonly state?: string | undefined } & Page)
  | (Asked & { readonly kind: 'readResults'; readonly batch: string } & Page)
  | (Asked & { readonly kind: 'cancelBatch'; readonly batch: string });

export interface BatchSubmission {
  readonly id: string;
  /** One delivery id for the one callback that the end of the batch may owe. */
  readonly delivery: string;
  readonly function: string;
  readonly call: 'map' | 'starmap';
  readonly items: readonly Json[];
  readonly chunkSize?: number | undefined;
  readonly initializer?: { readonly function: string; readonly args: readonly Json[] } | undefined;
  readonly globals?: { readonly [name: string]: Json } | undefined;
  readonly timeoutMs: number;
  readonly callback?: { readonly url: string } | undefined;
  readonly errorCallback?: { readonly url: string } | undefined;
}

/** What became of a connection whose request waits, or was answered with a grant. */
export type ConnectionReport =
  /** The connection closed before its answer was written. */
  | { readonly kind: 'hangUp'; readonly request: number }
  /** An answer with a shared grant was handed to a connection that was open. */
  | { readonly kind: 'carried'; readonly request: number }
  /** The connection of the only answer that could carry a grant closed before it was written. */
  | { readonly kind: 'uncarried'; readonly lease: string };

/** How an item failed, as a client sees it. Bounded where it is made (`limits.ts`). */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly kind: TaskErrorKind;
}
export type TaskErrorKind = 'error' | 'timeout' | 'worker_lost' | 'lock_lost' | 'not_serializable' | 'initializer' | 'cancelled';

export interface FunctionInfo {
  readonly name: string;
  readonly description: string;
  /** The module's file name, relative to the functions folder. */
  readonly module: string;
}

/** A module of the functions folder that could not be loaded, and why. */
export interface BrokenModule {
  readonly module: string;
  readonly message: string;
}

/** How an item ended. `value` is JSON text (`undefined` where there is an error), `logs` what it printed. */
export interface ItemResult {
  readonly index: number;
  readonly value?: string | undefined;
  readonly error?: TaskError | undefined;
  readonly logs: string;
  readonly durationMs: number;
}

/** What the pool reports of a worker thread. `worker` is the thread's number, never used twice in a process. */
export type WorkerReport =
  /** The thread has loaded the functions folder. Comes once, before its setup or its first item. */
  | { readonly kind: 'workerReady'; readonly worker: number; readonly functions: readonly FunctionInfo[]; readonly broken: readonly BrokenModule[] }
  /** The initializer returned, or failed with `error`. Comes once from a thread that was started with a setup. */
  | { readonly kind: 'setupSettled'; readonly worker: number; readonly error?: TaskError | undefined }
  /** Items ended, one behind the other, and the thread said nothing else between them. */
  | { readonly kind: 'itemsSettled'; readonly worker: number; readonly results: readonly ItemResult[] }
  /** An order of the thread's hand has begun. What the thread says from here on is said by its items. */
  | { readonly kind: 'orderBegun'; readonly worker: number; readonly number: number }
  /** The answer to `takeBack`: these orders will not begin; the others of the hand have. */
  | { readonly kind: 'ordersTakenBack'; readonly worker: number; readonly numbers: readonly number[] }
  /** The thread has ended, told to or not. Nothing comes from it afterwards. `logs`: of the item that was running. */
  | { readonly kind: 'workerEnded'; readonly worker: number; readonly message: string; readonly logs: string }
  /** What the worker was to be given cannot be read back: it was given nothing. `number`: of what was for its hand.
   *  Comes from the engine, not the thread. */
  | { readonly kind: 'orderDamaged'; readonly worker: number; readonly number?: number | undefined }
  /** Code in a task asked for a lock. `call` is the worker's own number for this question. */
  | { readonly kind: 'taskAcquire'; readonly worker: number; readonly call: number; readonly scope: number; readonly lock: string; readonly ttlMs?: number | undefined; readonly waitMs?: number | undefined }
  /** It gave a lock back, and waits for no answer. */
  | { readonly kind: 'taskRelease'; readonly worker: number; readonly lock: string; readonly fencingToken: number };

/** `scope` of lock calls made by an initializer rather than by an item. */
export const SETUP_SCOPE = -1;

/** How one attempt at one delivery ended. */
export interface DeliveryReport {
  readonly kind: 'deliverySettled';
  readonly delivery: string;
  readonly attempt: number;
  /** `gone`: the receiver said 410, or the body cannot be read back; there is no next attempt. */
  readonly outcome: 'delivered' | 'failed' | 'gone';
  /** What the receiver asked for with `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  readonly error?: string | undefined;
}

/** What the process itself reports. */
export type ServiceReport =
  | { readonly kind: 'tick' }
  /** The port is open: what clients were promised for after a start is counted from here. */
  | { readonly kind: 'opened' }
  /** The loop stood still and the gap was cut: leases get a floor under their deadlines. */
  | { readonly kind: 'resumed' }
  /** An orderly stop began: nothing new is taken, what is held is served. */
  | { readonly kind: 'drain' }
  /** The grace is over: what runs is put back with its attempt uncounted. */
  | { readonly kind: 'stop' };

export type ClientRequest = LockRequest | BatchRequest;
export type Report = ConnectionReport | WorkerReport | DeliveryReport | ServiceReport;
export type Input = ClientRequest | Report;
