// Coverage: what happened in a set of runs, and what must have.
//
// Owns the counts. A run set in which one of `MUST` never occurred proves less than it says, and fails.

import type { Effect } from '../../src/state/effects.ts';
import type { Input } from '../../src/state/inputs.ts';
import type { RefusalCode } from '../../src/state/replies.ts';

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

/** By what the machine knows: what is missing here does not compile. False: no run has to meet it. */
type Listed<Kind extends string> = Readonly<Record<Kind, boolean>>;

const INPUTS: Listed<Input['kind']> = {
  acquire: true, renew: true, release: true, readLease: true, createLock: true, putLock: true, deleteLock: true, showLock: true,
  listLocks: true, listWaiters: true, revoke: true, hangUp: true, carried: true, uncarried: true,
  tick: true, resumed: true, opened: true, drain: true, stop: true,
  submitBatch: true, readBatch: true, listBatches: true, readResults: true, cancelBatch: true,
  workerReady: true, setupSettled: true, orderBegun: true, itemsSettled: true, ordersTakenBack: true, workerEnded: true, orderDamaged: true, taskAcquire: true, taskRelease: true,
  deliverySettled: true,
};
const REFUSALS: Listed<RefusalCode> = {
  lock_exists: true, lock_not_found: true, lock_held: true, wait_timed_out: true, wait_queue_full: true, lease_lost: true,
  lease_not_found: true, lease_not_held: true, idempotency_key_reused: true, cursor_invalid: true, function_not_found: true,
  functions_unknown: true, lock_not_shareable: true, items_invalid: true, globals_invalid: true, batch_queue_full: true,
  batch_not_found: true, task_failed: true, shutting_down: true, overloaded: true,
  // These take a million rows, or ten thousand ended batches: unit tests have them.
  too_many_locks: false, too_many_leases: false, batch_forgotten: false,
};
const EFFECTS: Listed<Effect['kind']> = { startWorker: true, runItems: true, takeBack: true, abortRun: true, endWorker: true, answerLock: true, loseLock: true, send: true };
const FAULTS = [
  'crash', 'crash before a commit', 'crash inside a commit', 'crash after a commit', 'failed commit', 'slow commit', 'lost request',
  'lost answer', 'doubled request', 'overtaken request', 'hang-up while waiting', 'hang-up while granted', 'retry after a crash', 'wall jump forth', 'wall jump back', 'stall',
  'orderly stop', 'use after the end', 'damaged payload', 'flood',
  'worker dies', 'worker hangs', 'worker cannot be ended', 'worker returns garbage',
  'receiver fails', 'receiver hangs', 'receiver is gone', 'receiver takes it and fails', 'receiver answers twice',
] as const;

/** What a set of at least `COVERAGE_SEEDS_MIN` runs has to have met. */
export const MUST: { readonly [Name in Group]: readonly string[] } = { input: listed(INPUTS), refusal: listed(REFUSALS), effect: listed(EFFECTS), fault: FAULTS };

export const COVERAGE_SEEDS_MIN = 200;

function listed(kinds: Listed<string>): readonly string[] {
  return Object.keys(kinds).filter((kind) => kinds[kind] === true);
}

/** What never occurred and should have. */
export function neverOccurred(counts: Counts): readonly string[] {
  return GROUPS.flatMap((group) => MUST[group].filter((name) => counts.of(group, name) === 0).map((name) => `${group} ${name}`));
}
