// Coverage: what happened in a set of runs, and what must have.
//
// Owns the counts. A run set in which one of `MUST` never occurred proves less than it says, and fails.

/** What is counted. */
export type Group = 'input' | 'refusal' | 'effect' | 'fault';

export class Counts {
  readonly #groups: { readonly [Name in Group]: Map<string, { count: number }> } = { input: new Map(), refusal: new Map(), effect: new Map(), fault: new Map() };

  add(group: Group, name: string, by = 1): void {
    const counter = this.#groups[group].get(name);
    if (counter === undefined) this.#groups[group].set(name, { count: by });
    else counter.count += by;
  }

  of(group: Group, name: string): number {
    return this.#groups[group].get(name)?.count ?? 0;
  }

  sum(group: Group): number {
    let sum = 0;
    for (const { count } of this.#groups[group].values()) sum += count;
    return sum;
  }

  entries(): Entry[] {
    return GROUPS.flatMap((group) => [...this.#groups[group]].map(([name, { count }]): Entry => [group, name, count]));
  }

  take(entries: Iterable<Entry>): void {
    for (const entry of entries) this.add(...entry);
  }
}

export type Entry = [Group, string, number];

const GROUPS: readonly Group[] = ['input', 'refusal', 'effect', 'fault'];

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

/** What a set of at least `COVERAGE_SEEDS_MIN` runs has to have met. */
export const MUST: { readonly [Name in Group]: readonly string[] } = { input: INPUTS, refusal: REFUSALS, effect: EFFECTS, fault: FAULTS };

export const COVERAGE_SEEDS_MIN = 200;

/** What never occurred and should have. */
export function neverOccurred(counts: Counts): readonly string[] {
  return GROUPS.flatMap((group) => MUST[group].filter((name) => counts.of(group, name) === 0).map((name) => `${group} ${name}`));
}
