// What the HTTP contract says that answers look like: the client's side of it, written from the contract alone.
//
// A member may be absent although its type says otherwise; the tests are what finds out.

export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly kind: 'error' | 'timeout' | 'worker_lost' | 'lock_lost' | 'not_serializable' | 'initializer' | 'cancelled';
}

export interface Holder {
  readonly owner?: string;
  readonly fencingToken: number;
  readonly grantedAt: string;
  readonly expiresAt: string;
  readonly metadata?: unknown;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly reason: string;
  readonly holders: readonly Holder[];
  readonly waiters: number;
  readonly retryAfterMs: number;
  readonly fencingToken: number;
  readonly error: TaskError;
  readonly batch: string;
  readonly pointer: string;
}

export interface Lock {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'unlocked' | 'locked';
  readonly holders: readonly Holder[];
  readonly waiters: number;
}

export interface LockPage {
  readonly locks: readonly Lock[];
  readonly nextCursor?: string;
}

export interface WaiterPage {
  readonly waiters: readonly { readonly position: number; readonly owner?: string; readonly waitedMs: number }[];
  readonly nextCursor?: string;
}

export interface Lease {
  readonly id: string;
  readonly state: 'waiting' | 'held' | 'released' | 'expired' | 'revoked' | 'timed_out' | 'abandoned';
  readonly locks: readonly { readonly name: string; readonly mode: string; readonly permits: number }[];
  readonly owner: string;
  readonly fencingToken: number;
  readonly ttlMs: number;
  readonly grantedAt: string;
  readonly expiresAt: string;
  readonly expiresInMs: number;
  readonly elapsedMs: number;
  readonly renewAfterMs: number;
  readonly waitedMs: number;
  readonly position: number;
  readonly metadata: unknown;
}

export interface Result {
  readonly index: number;
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly value?: unknown;
  readonly error?: TaskError;
  readonly logs: string;
  readonly attempt: number;
  readonly durationMs: number;
}

export interface ResultPage {
  readonly results: readonly Result[];
  readonly nextCursor?: string;
}

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface Batch {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly function: string;
  readonly call: string;
  readonly chunkSize: number;
  readonly counts: Counts;
  readonly error: TaskError;
  readonly results: readonly Result[];
  readonly callbacks: readonly { readonly event: string; readonly state: 'pending' | 'delivered' | 'dead'; readonly attempts: number; readonly lastError?: string }[];
  readonly createdAt: string;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface BatchPage {
  readonly batches: readonly Batch[];
  readonly nextCursor?: string;
}

export interface FunctionPage {
  readonly functions: readonly { readonly name: string; readonly description: string; readonly module: string }[];
}

/** An answer's body is what was asked for or a problem; the test says which by the status it expects. */
export interface Answer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Body & Problem;
}

export interface AcquireBody {
  readonly owner?: string;
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly metadata?: unknown;
}

export interface BatchBody {
  readonly function: string;
  readonly call?: 'map' | 'starmap';
  readonly items: readonly unknown[];
  readonly chunkSize?: number;
  readonly initializer?: { readonly function: string; readonly args?: readonly unknown[] };
  readonly globals?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
  readonly callback?: { readonly url: string };
  readonly errorCallback?: { readonly url: string };
  readonly waitMs?: number;
}
