// Replies: how the machine answers a request, before it is put into the words of HTTP.
//
// Owns the shapes. Rows stand in them as they were at the step; what depends on the moment of writing (how long a
// lease still lasts) is worked out by the views beside the rules.

import type { TaskError } from './inputs.ts';
import type { BatchRow, DeliveryRow, HeldLease, LeaseRow, LockRow, Outcome, WaitingLease } from './rows.ts';

export interface HolderView {
  readonly lease: HeldLease;
  /** now; with the floors that a start or a stall put under it. Absent for a task's lease. */
  readonly endsAt?: number | undefined;
}

export interface LockView {
  readonly name: string;
  readonly declared?: LockRow | undefined;
  readonly holder?: HolderView | undefined;
  readonly waiters: number;
}

export interface LeaseView {
  readonly lease: LeaseRow;
  /** now; when a held lease ends, floors included. */
  readonly endsAt?: number | undefined;
  /** Of a waiting lease; 1 is next. */
  readonly position?: number | undefined;
}

export interface WaiterView {
  readonly position: number;
  readonly lease: WaitingLease;
}

export interface ResultView {
  readonly index: number;
  readonly state: Outcome['state'] | 'pending' | 'running';
  readonly outcome?: Outcome | undefined;
  /** From 1; absent where none has begun. */
  readonly attempt?: number | undefined;
}

export interface BatchView {
  readonly batch: BatchRow;
  readonly delivery?: DeliveryRow | undefined;
  /** The results of all items, where the answer carries them. */
  readonly results?: readonly ResultView[] | undefined;
}

/** A "no" that is part of the contract. `routes/problems.ts` gives each code its status and its words. */
export type RefusalCode =
  | 'lock_exists'
  | 'lock_not_found'
  | 'lock_held'
  | 'wait_timed_out'
  | 'wait_queue_full'
  | 'too_many_locks'
  | 'too_many_leases'
  | 'lease_lost'
  | 'lease_not_found'
  | 'lease_not_held'
  | 'idempotency_key_reused'
  | 'cursor_invalid'
  | 'function_not_found'
  | 'functions_unknown'
  | 'lock_not_shareable'
  | 'items_invalid'
  | 'globals_invalid'
  | 'batch_queue_full'
  | 'batch_not_found'
  | 'batch_forgotten'
  | 'task_failed'
  | 'shutting_down'
  | 'overloaded';

export interface Refusal {
  readonly code: RefusalCode;
  /** What happened here, beyond the code's own words. */
  readonly detail?: string | undefined;
  readonly reason?: string | undefined;
  readonly lock?: LockView | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly fencingToken?: number | undefined;
  readonly error?: TaskError | undefined;
  readonly batch?: string | undefined;
  /** JSON pointer into the request's body. */
  readonly pointer?: string | undefined;
}

/**
 * How an answer gives a lease to its client. `sole`: no other answer can, so it counts as carried unless it is reported
 * as not. `shared`: retries may carry it as well; what became of the answer is reported either way.
 */
export type Grant = 'sole' | 'shared';

export type Reply =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'lock'; readonly lock: LockView; readonly created: boolean }
  | { readonly kind: 'locks'; readonly locks: readonly LockView[]; readonly nextCursor?: string | undefined }
  | { readonly kind: 'waiters'; readonly waiters: readonly WaiterView[]; readonly nextCursor?: string | undefined }
  /** `grant`: this answer gives the lease to its client, so it must not go to a connection that is closed. */
  | { readonly kind: 'lease'; readonly view: LeaseView; readonly grant?: Grant | undefined }
  | { readonly kind: 'done' }
  /** The client hung up while it waited: nobody is there to be told, but the request has its answer. */
  | { readonly kind: 'hungUp' }
  | { readonly kind: 'batch'; readonly view: BatchView }
  | { readonly kind: 'batches'; readonly views: readonly BatchView[]; readonly nextCursor?: string | undefined }
  | { readonly kind: 'results'; readonly results: readonly ResultView[]; readonly nextCursor?: string | undefined };

