// The metrics of locks: who waits and who holds, and how grants came and went.
//
// Owns their names, help and buckets. Names of locks are labels only where an operator declared them, up to a bound:
// every other name is a client's, and clients may make any number of them.

import { LABELLED_LOCKS_MAX } from '../limits.ts';
import type { Fact } from '../state/facts.ts';
import type { LeaseIndex } from '../state/indexes.ts';
import type { Line } from '../state/lines.ts';
import type { RefusalCode } from '../state/replies.ts';
import type { LeaseEnd, LeaseRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { SHORT_SECONDS, WAIT_SECONDS } from './bounds.ts';
import { counter, distribution, gauges, LabelSets, Tally, type Metrics } from './series.ts';

const HOUR_SECONDS = 3_600;
const LABELLED = `declared locks by name, the first ${LABELLED_LOCKS_MAX} of them;`;
const LEASE_ENDS: readonly LeaseEnd[] = ['released', 'expired', 'revoked', 'timed_out', 'abandoned'];

/** The refusals that only a request about a lock or a lease can get. */
const LOCK_REFUSALS: readonly RefusalCode[] = [
  'lock_exists', 'lock_not_found', 'lock_held', 'wait_timed_out', 'wait_queue_full', 'too_many_locks', 'too_many_leases',
  'lease_lost', 'lease_not_found', 'lease_not_held',
];

export type LockFact = Extract<Fact, { readonly kind: 'granted' | 'handedOff' | 'refused' | 'leaseEnded' }>;

/** Milliseconds that the service ran. */
export type Now = () => number;

/** Counts what happens to locks; `sinceMs` is the time from a step to the moment in which it became visible. */
export function lockMetrics(state: State, now: Now, metrics: Metrics): (fact: LockFact, sinceMs: number) => void {
  const labels = new LabelSets('lock');
  lineGauges(state, metrics, labels);
  ageGauges(state, now, metrics, labels);
  const grants = counter({ name: 'holdfast_lock_grants_total', help: 'Locks granted, at once or after waiting.', metrics });
  const waits = distribution({ name: 'holdfast_lock_wait_seconds', help: 'Time from an acquire to its grant, in seconds.', bounds: WAIT_SECONDS, metrics });
  const holds = distribution({ name: 'holdfast_lock_hold_seconds', help: 'Time from a grant to the end of its lease, in seconds.', bounds: [...WAIT_SECONDS, HOUR_SECONDS], metrics });
  const handoffs = distribution({ name: 'holdfast_lock_handoff_seconds', help: 'Time from the end of a lease to the moment in which the next holder is told, in seconds.', bounds: SHORT_SECONDS, metrics });
  const refusals = new Tally({ name: 'holdfast_lock_refusals_total', help: 'Refused requests about locks and leases, by the code of the problem.', label: 'code', known: LOCK_REFUSALS, metrics });
  const ends = new Tally({ name: 'holdfast_lease_ends_total', help: 'Leases and places in line that ended, by how.', label: 'reason', known: LEASE_ENDS, metrics });

  return (fact, sinceMs) => {
    switch (fact.kind) {
      case 'granted':
        grants.inc();
        return waits.observe(fact.waitedMs / 1_000);
      case 'handedOff': return handoffs.observe(fact.early ? 0 : sinceMs / 1_000);
      case 'refused': return refusals.has(fact.code) ? refusals.add(fact.code) : undefined;
      case 'leaseEnded':
        ends.add(fact.reason);
        return fact.heldMs === undefined ? undefined : holds.observe(fact.heldMs / 1_000);
    }
  };
}

function lineGauges({ leaseIndex }: State, metrics: Metrics, labels: LabelSets): void {
  gauges({ name: 'holdfast_lock_waiters', help: `Requests and tasks that wait in line for a lock: ${LABELLED} all others together under an empty name.`, metrics }, labels,
    () => byLock(leaseIndex, leaseIndex.waiters, (line) => line?.queue?.size ?? 0));
  gauges({ name: 'holdfast_lock_holders', help: `Holders of a lock: ${LABELLED} all others together under an empty name.`, metrics }, labels,
    () => byLock(leaseIndex, leaseIndex.holders, (line) => (line?.holder === undefined ? 0 : 1)));
}

/** What `count` says of each lock that is named, and what is left of `total` for the others. */
function* byLock(index: LeaseIndex, total: number, count: (line: Line | undefined) => number): Generator<readonly [string, number]> {
  let others = total;
  for (const lock of labelledLocks(index)) {
    const counted = count(index.lines.get(lock));
    others -= counted;
    yield [lock, counted];
  }
  yield ['', others];
}

function ageGauges(state: State, now: Now, metrics: Metrics, labels: LabelSets): void {
  const others = 'the longest of all others under an empty name, 0 where there is none, in seconds.';
  gauges({ name: 'holdfast_lock_oldest_waiter_seconds', help: `Time that the first in line for a lock has waited: ${LABELLED} ${others}`, metrics }, labels,
    () => oldestWaiters(state, now()));
  gauges({ name: 'holdfast_lock_oldest_hold_seconds', help: `Time that a lock has been held by its holder: ${LABELLED} ${others}`, metrics }, labels,
    () => oldestHolds(state, now()));
}

/** Every lock that somebody waits for is looked at once, and of its line the first. */
function* oldestWaiters(state: State, now: number): Generator<readonly [string, number]> {
  const { leaseIndex } = state;
  const ageOf = (lock: string): number => seconds(now, leaseOf(state, leaseIndex.lines.get(lock)?.queue?.first())?.askedAt);
  let last: string | undefined;
  for (const lock of labelledLocks(leaseIndex)) {
    last = lock;
    yield [lock, ageOf(lock)];
  }
  let others = 0;
  for (const lock of leaseIndex.contended) if (!isLabelled(state, lock, last)) others = Math.max(others, ageOf(lock));
  yield ['', others];
}

function* oldestHolds(state: State, now: number): Generator<readonly [string, number]> {
  const { leaseIndex } = state;
  const ageOf = (line: Line | undefined): number => {
    const lease = leaseOf(state, line?.holder);
    return seconds(now, lease?.state === 'held' ? lease.heldSince : undefined);
  };
  let last: string | undefined;
  for (const lock of labelledLocks(leaseIndex)) {
    last = lock;
    yield [lock, ageOf(leaseIndex.lines.get(lock))];
  }
  yield ['', ageOf(firstHeld(state, last))];
}

/** The line that is held longest of those without a label: at most one for each label is passed over. */
function firstHeld(state: State, last: string | undefined): Line | undefined {
  for (const line of state.leaseIndex.held) if (!isLabelled(state, leaseOf(state, line.holder)!.lock, last)) return line;
  return undefined;
}

/** The locks with a label of their own, in order. */
function* labelledLocks({ declared }: LeaseIndex): Generator<string> {
  let named = 0;
  for (const lock of declared.from('')) {
    if (++named > LABELLED_LOCKS_MAX) break;
    yield lock;
  }
}

/** `last`: the last lock with a label, as they stand in order. */
function isLabelled(state: State, lock: string, last: string | undefined): boolean {
  return last !== undefined && lock <= last && state.locks.get(lock) !== undefined;
}

function leaseOf(state: State, id: string | undefined): LeaseRow | undefined {
  return id === undefined ? undefined : state.leases.get(id) ?? state.places.get(id);
}

function seconds(now: number, since: number | undefined): number {
  return since === undefined ? 0 : Math.max(0, now - since) / 1_000;
}
