// Contract: what the service answers and takes, as its specification has it.
//
// Owns the shapes of JSON. Durations are integers in milliseconds and end in `Ms`; instants are RFC 3339 in UTC and end
// in `At`. A member that may be absent is optional; none is null.

/** Any JSON, and what becomes JSON by a `toJSON` of its own, a `Lock` for instance. */
export type Jsonable = string | number | boolean | null | { toJSON(): unknown } | readonly Jsonable[] | { readonly [name: string]: Jsonable | undefined };

export type LeaseState = 'waiting' | 'held' | 'released' | 'expired' | 'revoked' | 'timed_out' | 'abandoned';

export interface LeaseInfo {
  /** A secret: who knows it may renew and release. */
  readonly id: string;
  readonly state: LeaseState;
  readonly locks: readonly { readonly name: string; readonly mode: 'exclusive'; readonly permits: number }[];
  readonly owner?: string;
  /** Absent before the grant. */
  readonly fencingToken?: number;
  readonly ttlMs: number;
  readonly grantedAt?: string;
  /** By the clock of the service. */
  readonly expiresAt?: string;
  /** What was left of it when the answer was written. */
  readonly expiresInMs?: number;
  /** From the arrival of the request to the answer. */
  readonly elapsedMs: number;
  readonly renewAfterMs?: number;
  readonly waitedMs: number;
  /** The place in line while it waits; 1 is next. */
  readonly position?: number;
  readonly metadata?: unknown;
}

export interface Holder {
  readonly owner?: string;
  readonly fencingToken: number;
  readonly grantedAt: string;
  /** Absent for a task, whose lease ends with it. */
  readonly expiresAt?: string;
  readonly metadata?: unknown;
}

export interface LockInfo {
  readonly name: string;
  readonly kind: 'mutex';
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly declared: boolean;
  readonly state: 'unlocked' | 'locked';
  readonly holders: readonly Holder[];
  readonly waiters: number;
  readonly createdAt?: string;
}

export interface WaiterInfo {
  /** 1 is next. */
  readonly position: number;
  readonly owner?: string;
  readonly waitedMs: number;
  readonly metadata?: unknown;
}

export interface FunctionInfo {
  readonly name: string;
  readonly description: string;
  /** Relative to the functions folder of the service. */
  readonly module: string;
}

export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly kind: 'error' | 'timeout' | 'worker_lost' | 'lock_lost' | 'not_serializable' | 'initializer' | 'cancelled';
}

export interface TaskResult<Value = unknown> {
  /** The place of the item, from 0. */
  readonly index: number;
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly value?: Value;
  readonly error?: TaskError;
  readonly logs?: string;
  readonly attempt?: number;
  readonly durationMs?: number;
}

export type BatchState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface BatchInfo {
  readonly id: string;
  readonly state: BatchState;
  readonly function: string;
  readonly call: 'map' | 'starmap';
  readonly chunkSize: number;
  readonly counts: Readonly<Record<'total' | 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled', number>>;
  /** The first failure that arrived. */
  readonly error?: TaskError;
  /** Only in the answer to a submission that waited, where they are few and small. */
  readonly results?: readonly TaskResult[];
  readonly callbacks: readonly {
    readonly event: 'batch.succeeded' | 'batch.failed' | 'batch.cancelled';
    readonly state: 'pending' | 'delivered' | 'dead';
    readonly attempts: number;
    readonly lastError?: string;
  }[];
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** The body of an error, as RFC 9457 has it. */
export interface ProblemInfo {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly reason?: string;
  readonly holders?: readonly Holder[];
  readonly waiters?: number;
  readonly retryAfterMs?: number;
  readonly fencingToken?: number;
  readonly error?: TaskError;
  readonly batch?: string;
  readonly pointer?: string;
}

/** Which page of a list. */
export interface PageQuery {
  /** 1 to 1,000; 100 when absent. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** `nextCursor` is absent on the last page. */
export interface LockPage {
  readonly locks: readonly LockInfo[];
  readonly nextCursor?: string;
}

export interface WaiterPage {
  readonly waiters: readonly WaiterInfo[];
  readonly nextCursor?: string;
}

export interface BatchPage {
  readonly batches: readonly BatchInfo[];
  readonly nextCursor?: string;
}

export interface ResultPage<Value = unknown> {
  readonly results: readonly TaskResult<Value>[];
  readonly nextCursor?: string;
}

/** What people and tools are told of a declared lock. */
export interface Declaration {
  /** Up to 1,024 characters. */
  readonly description?: string | undefined;
  /** Up to 16, of up to 128 characters each. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** How a batch is to be run, beside its function and items. */
export interface BatchOptions {
  /** How many items a worker takes at once; a fair share when absent. */
  readonly chunkSize?: number | undefined;
  /** What each worker of the batch calls before its first task. */
  readonly initializer?: { readonly function: string; readonly args?: readonly Jsonable[] } | undefined;
  /** What becomes properties of `globalThis` in the workers of the batch. */
  readonly globals?: Readonly<Record<string, Jsonable>> | undefined;
  /** How long a task may take, waiting for locks included; 600,000 when absent. */
  readonly timeoutMs?: number | undefined;
  /** Who is told when all went well. */
  readonly callback?: { readonly url: string } | undefined;
  /** Who is told when the batch ended otherwise. */
  readonly errorCallback?: { readonly url: string } | undefined;
}
