// What a function of the functions folder is called with.
//
// Owns the public shapes for authors of functions, who import them as types only: nothing of the service runs in their
// modules. Does not own what stands behind them (task-locks.ts, scopes.ts).

/** The first argument of a function that runs as a task. */
export interface TaskContext {
  /** The batch's id. */
  readonly batch: string;
  /** The item's place in the batch, from 0. */
  readonly index: number;
  /** 1 for the first run; more when an earlier run ended with the process. */
  readonly attempt: number;
  /** Aborted when the task is cancelled, is over its time or has lost a lock. The reason is an `Error` with a `code`. */
  readonly signal: AbortSignal;
  /** The lock of that name. Throws a `TypeError` for a malformed name. */
  lock(name: string): SharedLock;
}

/** The first argument of a batch's initializer. */
export type SetupContext = Omit<TaskContext, 'index'>;

export interface AcquireOptions {
  /** Integer, 100 to 86,400,000; shown to others, but a task's lease lasts until it is released or the task ends. */
  readonly ttlMs?: number | undefined;
  /** How long to wait in line: integer, 0 (try once) to 86,400,000; without it until the task's own end. */
  readonly waitMs?: number | undefined;
}

/** A lock that tasks of all workers share with the clients of the service. */
export interface SharedLock {
  readonly name: string;
  /** Resolves when the lock is held. Rejects with an `Error` whose `code` says why not. */
  acquire(options?: AcquireOptions): Promise<HeldLock>;
  /** Acquires, calls `body`, and releases however it ends. Resolves to what `body` gives. */
  withLock<Value>(body: (held: HeldLock) => Value | Promise<Value>): Promise<Value>;
}

/** One grant of a lock. `await using held = await lock.acquire()` releases it at the end of the block. */
export interface HeldLock extends AsyncDisposable {
  /** Higher than that of every earlier grant of the service. Hand it to what the lock protects. */
  readonly fencingToken: number;
  /** Aborted when the lock was taken away before its release. */
  readonly signal: AbortSignal;
  /** Given back before whatever this thread asks for next. Releasing again, or what was lost, does nothing. */
  release(): Promise<void>;
}
