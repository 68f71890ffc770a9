// Invariants: what must hold between any two steps, whatever happened.
//
// Owns the list. Linear in the state, so it runs at the start of the service and after every step of a test, not in
// between. A broken invariant is a bug, or rows that another program wrote.

import type { LeaseRow } from './rows.ts';
import type { State } from './state.ts';

/** What was stored does not fit together, though every row is as it was written. Refuse to start. */
export class BrokenState extends Error {
  override readonly name = 'BrokenState';

  constructor(broken: readonly string[]) {
    super(`The data directory holds rows that do not fit together: ${broken.slice(0, NAMED_MAX).join('; ')}${broken.length > NAMED_MAX ? ' …' : ''}. Restore it from a copy.`);
  }
}

const NAMED_MAX = 5;

/** What does not hold, in words; empty when all is well. */
export function brokenInvariants(state: State): string[] {
  return [...brokenLines(state), ...brokenHolds(state), ...brokenLeases(state), ...brokenAttendance(state), ...brokenBatches(state), ...brokenChunks(state)];
}

/** A lock with a line has a holder (or waits for the next start to have one); those behind it wait for it in the order in which they came. */
function* brokenLines(state: State): Generator<string> {
  for (const [lock, line] of state.leaseIndex.lines) {
    const holder = line.holder === undefined ? undefined : leaseOf(state, line.holder);
    const isFree = line.holder === undefined && state.phase !== 'serving';
    if (!isFree && (holder?.state !== 'held' || holder.lock !== lock)) yield `lock ${lock} has a line and no holder`;
    let order = 0;
    for (const id of line.queue ?? []) {
      const lease = leaseOf(state, id);
      if (lease?.state !== 'waiting' || lease.lock !== lock) yield `the line of lock ${lock} holds a lease that does not wait for it`;
      else if (lease.order <= order) yield `the line of lock ${lock} is out of order`;
      else order = lease.order;
    }
  }
}

/** Every lock that is held is found in the order of grants, and every one that is waited for among the contended. */
function* brokenHolds(state: State): Generator<string> {
  const { leaseIndex } = state;
  let since = 0;
  let held = 0;
  for (const { holder } of leaseIndex.held) {
    const lease = leaseOf(state, holder ?? '');
    held++;
    // A line that got two holders stands there twice, and what comes behind it comes again for ever.
    if (held > leaseIndex.holders) break;
    if (lease?.state !== 'held') yield 'a line without a holder stands among those that are held';
    else if (lease.heldSince < since) yield `lock ${lease.lock} was granted out of order`;
    else since = lease.heldSince;
  }
  if (held !== leaseIndex.holders) yield `${leaseIndex.holders} locks are held and ${held > leaseIndex.holders ? 'more' : held} are found`;
  for (const [lock, { queue }] of leaseIndex.lines) {
    if (leaseIndex.contended.has(lock) !== ((queue?.size ?? 0) > 0)) yield `lock ${lock} is contended and has no waiter, or the reverse`;
  }
}

/** Every live lease stands in its line, and no token is at or above the next one. */
function* brokenLeases(state: State): Generator<string> {
  for (const lease of [...state.leases.values(), ...state.places.values()]) {
    const line = state.leaseIndex.lines.get(lease.lock);
    if (lease.state === 'held' && line?.holder !== lease.id) yield `a held lease of lock ${lease.lock} is not its holder`;
    if (lease.state === 'waiting' && line?.queue?.has(lease.id) !== true) yield `a waiting lease of lock ${lease.lock} is not in its line`;
    if (lease.state === 'held' && lease.fencingToken >= state.tokens.next) yield `a fencing token of lock ${lease.lock} could be drawn again`;
  }
}

function* brokenAttendance(state: State): Generator<string> {
  for (const { lease } of state.attendance.values()) {
    const row = leaseOf(state, lease);
    if (row?.state !== 'waiting' && row?.state !== 'held') yield 'somebody attends to a lease that has ended';
  }
  for (const { on } of state.listeners.values()) {
    if (on.kind === 'batch' && state.batches.get(on.batch) === undefined) yield `a request waits for batch ${on.batch}, which is not there`;
  }
}

/** The counts of a batch add up, and it has ended exactly when nothing of it is left to do. */
function* brokenBatches(state: State): Generator<string> {
  for (const batch of state.batches.values()) {
    const { total, pending, running, succeeded, failed, cancelled } = batch.counts;
    if (total !== pending + running + succeeded + failed + cancelled) yield `the counts of batch ${batch.id} do not add up`;
    if ((batch.endedAt !== undefined) !== (pending + running === 0)) yield `batch ${batch.id} has ended and has items left, or the reverse`;
    if ((state.batchIndex.chunksOf.get(batch.id)?.size ?? 0) !== (batch.endedAt === undefined ? batch.chunks : 0)) yield `batch ${batch.id} miscounts its chunks`;
  }
}

function* brokenChunks(state: State): Generator<string> {
  const workers = new Map([...state.workers.values()].map((worker) => [worker.chunk, worker]));
  const waiting = new Set(state.batchIndex.queued.from(''));
  for (const chunk of state.chunks.values()) {
    const batch = state.batches.get(chunk.batch);
    if (batch === undefined) yield `chunk ${chunk.id} belongs to no batch`;
    if (batch?.cancelled === true && waiting.has(chunk.id)) yield `chunk ${chunk.id} waits, and its batch was cancelled`;
    if ((chunk.state !== 'running' && !state.batchIndex.handed.has(chunk.id)) !== waiting.has(chunk.id)) yield `chunk ${chunk.id} waits and runs, or neither`;
    if (chunk.state === 'running' && !workers.has(chunk.id)) yield `chunk ${chunk.id} runs on no worker`;
  }
  yield* brokenHands(state);
}

/** What is in a thread's hand is claimed, and in no other. */
function* brokenHands({ chunks, workers, batchIndex }: State): Generator<string> {
  const seen = new Set<string>();
  for (const { worker, hand } of workers.values()) {
    for (const { chunk } of hand ?? []) {
      if (chunks.get(chunk)?.state !== 'claimed') yield `worker ${worker} has chunk ${chunk} in hand, which is not claimed`;
      if (seen.has(chunk) || !batchIndex.handed.has(chunk)) yield `chunk ${chunk} is in two hands, or in one and not among those that are`;
      seen.add(chunk);
    }
  }
  if (seen.size !== batchIndex.handed.size) yield `${batchIndex.handed.size} chunks are said to be in a hand, and ${seen.size} are`;
}

function leaseOf(state: State, id: string): LeaseRow | undefined {
  return state.leases.get(id) ?? state.places.get(id);
}
