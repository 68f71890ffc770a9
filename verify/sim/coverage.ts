// Coverage: what happened in a set of runs, and what must have.
//
// Owns the counts. A run set in which one of `MUST` never occurred proves less than it says, and fails.

export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All counts whose name begins like this. */
  sum(prefix: string): number {
    let sum = 0;
    for (const [name, count] of this.#counts) if (name.startsWith(prefix)) sum += count;
    return sum;
  }

  entries(): [string, number][] {
    return [...this.#counts];
  }

  take(entries: Iterable<readonly [string, number]>): void {
    for (const [name, count] of entries) this.add(name, count);
  }
}

const INPUTS = [
  'acquire', 'renew', 'release', 'readLease', 'createLock', 'putLock', 'deleteLock', 'showLock', 'listLocks', 'listWaiters', 'revoke',
  'hangUp', 'carried', 'uncarried', 'tick', 'resumed', 'opened', 'drain', 'stop',
  'submitBatch', 'readBatch', 'listBatches', 'readResults', 'cancelBatch',
  'workerReady', 'setupSettled', 'itemSettled', 'workerEnded', 'orderDamaged', 'taskAcquire', 'taskRelease', 'deliverySettled',
] as const;
const REFUSALS = [
  'lock_exists', 'lock_not_found', 'lock_held', 'wait_timed_out', 'lease_lost', 'lease_not_found', 'lease_not_held', 'idempotency_key_reused',
  'cursor_invalid', 'shutting_down', 'wait_queue_full', 'overloaded',
  'function_not_found', 'functions_unknown', 'lock_not_shareable', 'items_invalid', 'globals_invalid', 'batch_queue_full', 'batch_not_found', 'task_failed',
] as const;
/** `too_many_locks` and `too_many_leases` take a million rows, `batch_forgotten` ten thousand ended batches: unit tests have them. */
const EFFECTS = ['startWorker', 'runItems', 'abortRun', 'endWorker', 'answerLock', 'loseLock', 'send'] as const;
const FAULTS = [
  'crash', 'crash before a commit', 'crash inside a commit', 'crash after a commit', 'failed commit', 'slow commit', 'lost request',
  'lost answer', 'doubled request', 'hang-up while waiting', 'hang-up while granted', 'retry after a crash', 'wall jump forth', 'wall jump back', 'stall',
  'orderly stop', 'use after the end', 'damaged payload', 'flood',
  'worker dies', 'worker hangs', 'worker cannot be ended', 'worker returns garbage',
  'receiver fails', 'receiver hangs', 'receiver is gone', 'receiver takes it and fails', 'receiver answers twice',
] as const;

/** Names that a set of at least `COVERAGE_SEEDS_MIN` runs has to have counted. */
export const MUST: readonly string[] = [
  ...INPUTS.map((kind) => `input ${kind}`), ...REFUSALS.map((code) => `refusal ${code}`), ...EFFECTS.map((kind) => `effect ${kind}`), ...FAULTS.map((kind) => `fault ${kind}`),
];

export const COVERAGE_SEEDS_MIN = 200;

/** What never occurred and should have. */
export function neverOccurred(counts: Counts): readonly string[] {
  return MUST.filter((name) => counts.of(name) === 0);
}
