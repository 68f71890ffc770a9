// Calls: what clients saw, in the form that the checkers read. Nothing of the service's own is in it.
//
// Owns the record of a history. All times are milliseconds of one monotonic clock, that of the process in which all
// clients of a history run.
//   C1. A call that was written, even in part, and got no whole answer has no `answer` and returned at infinity: whether
//       it had an effect is unknown. One that was never written is not recorded. A 503 says nothing either.
//   C2. A claim is one wish to have a lock: the attempts with one key, or a single one without. Its owner's name is its
//       number, so that a line of waiters names claims.

/** `reuse` is an acquire with the key of another one; `follow` reads a lease, `show` a lock, `line` its waiters. */
export type Operation = 'acquire' | 'reuse' | 'renew' | 'release' | 'follow' | 'show' | 'line';

export type LeaseState = 'waiting' | 'held' | 'released' | 'expired' | 'revoked' | 'timed_out' | 'abandoned';

/** The members of an answer that the checkers read; absent ones were not in it. */
export interface Answer {
  readonly status: number;
  readonly code?: string | undefined;
  /** How a lease ended, where the answer refuses it. */
  readonly reason?: string | undefined;
  readonly lease?: string | undefined;
  readonly state?: LeaseState | undefined;
  /** The fencing token of the lease that the call is about. */
  readonly token?: number | undefined;
  readonly expiresInMs?: number | undefined;
  readonly elapsedMs?: number | undefined;
  /** The fencing token of who holds the lock, where the answer names one. */
  readonly holder?: number | undefined;
  /** The claims in line, in their order. */
  readonly line?: readonly number[] | undefined;
}

export interface Call {
  readonly client: number;
  readonly lock: string;
  readonly operation: Operation;
  /** 0 for a call that is about the lock alone. */
  readonly claim: number;
  readonly ttlMs: number;
  readonly waitMs: number;
  /** Through the proxy, or straight to the service. */
  readonly proxied: boolean;
  readonly calledAt: number;
  readonly returnedAt: number;
  readonly answer?: Answer;
  /** Why there is no answer: the client hung up, its patience was over, or the connection broke. */
  readonly lost?: 'hungUp' | 'late' | 'closed';
  /** When the client knew that there will be none. */
  readonly lostAt?: number;
}

/** One write to the store that a lock protects. */
export interface Write {
  readonly lock: string;
  readonly claim: number;
  readonly token: number;
  readonly at: number;
  readonly accepted: boolean;
}

/** When something was done to the process or to the connections, `to` infinity while it lasts. */
export interface Fault {
  readonly kind: 'kill' | 'stop' | 'pause' | 'delay' | 'stall' | 'cut' | 'reset';
  readonly from: number;
  readonly to: number;
  /** Of a kill and a stop. */
  readonly restart?: Restart | undefined;
}

export interface Restart {
  /** The process had ended by then; it was killed, or told to stop, before. */
  readonly endedBy: number;
  /** When the next process said that its port is open. */
  readonly openedAt: number;
}

export interface History {
  readonly calls: readonly Call[];
  readonly writes: readonly Write[];
  readonly faults: readonly Fault[];
  readonly from: number;
  readonly to: number;
}

/** What a checker objects to. */
export interface Violation {
  /** As numbered in the guarantees page. */
  readonly property: string;
  readonly lock: string;
  readonly what: string;
}

/** When a client may rely on its lease until: counted from its own time of sending. */
export function promisedUntil({ calledAt, answer }: Call): number | undefined {
  if (answer?.state !== 'held' || answer.elapsedMs === undefined || answer.expiresInMs === undefined) return undefined;
  return calledAt + answer.elapsedMs + answer.expiresInMs;
}

export function byLock(calls: readonly Call[]): Map<string, Call[]> {
  return Map.groupBy(calls, ({ lock }) => lock);
}
