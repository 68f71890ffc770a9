// Attention: a place or a grant that nobody attends to passes on after its grace, and not before. (P6, P7)
//
// Owns what the edge knows of connections: which are open, what was read, which answers the kernel took. Compares it with
// what is still in the lines, at each look.
//   A1. What nobody attends to is gone after its grace: a place or a grant with a key 5 s after its last connection, a
//       ticket 30 s after its last reading, a ticket's grant that no answer carried after min(ttlMs, 10 s).
//   A2. Nothing is abandoned before, and nothing that an answer has carried ever is.
//   A3. A wait ends with its time.
// Time is the service's own; a look comes with each input, and what happens between two of them counts for its doer.

import { REATTACH_MS, TICKET_CLAIM_MS, TICKET_READ_MS } from '../../../src/limits.ts';
import type { LiveLease } from '../../../src/state/rows.ts';
import type { State } from '../../../src/state/state.ts';
import type { Exchange } from '../exchange.ts';
import type { Complain } from '../judge.ts';

/** How long a loop may take to see what is due, stalls and commits apart. */
const LATE_MS = 400;

interface Known {
  lease: LiveLease;
  /** When somebody attended for sure for the last time, and when nobody can have since. */
  attendedAt: number;
  unattendedAt: number;
  isAttended: boolean;
}

export class Attention {
  readonly #complain: Complain;
  readonly #known = new Map<string, Known>();
  readonly #waitEnds = new Map<string, number>();
  readonly #carried = new Set<string>();
  readonly #writing = new Map<Exchange, string>();
  #lookedAt = -Infinity;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** A request for a lease arrived that may wait until then. */
  asked(lease: string, waitEnd: number): void {
    this.#waitEnds.set(lease, waitEnd);
  }

  /** A lease was read, or asked for again. */
  read(lease: string, now: number): void {
    const known = this.#known.get(lease);
    if (known !== undefined) known.attendedAt = known.unattendedAt = now;
  }

  /** An answer that calls the lease held goes to the kernel. */
  wrote(exchange: Exchange, lease: string): void {
    this.#writing.set(exchange, lease);
  }

  /** The port of a process is open: all graces begin anew. */
  opened(state: State, now: number): void {
    this.#known.clear();
    this.#settleWritten();
    for (const lease of liveLeases(state)) this.#known.set(lease.id, { lease, attendedAt: now, unattendedAt: now, isAttended: false });
  }

  look(state: State, exchanges: ReadonlySet<Exchange>, now: number): void {
    if (state.phase !== 'serving') return this.#known.clear();
    this.#settleWritten();
    const attended = attendedBy(exchanges);
    const live = new Set<string>();
    for (const lease of liveLeases(state)) {
      live.add(lease.id);
      this.#see(lease, isAttended(lease, attended), now);
    }
    for (const [id, known] of this.#known) if (!live.has(id)) this.#gone(known, state, attended, now);
    this.#lookedAt = now;
  }

  #settleWritten(): void {
    for (const [exchange, lease] of this.#writing) {
      if (exchange.writableFinished) this.#carried.add(lease);
      if (exchange.writableFinished || exchange.destroyed) this.#writing.delete(exchange);
    }
  }

  #see(lease: LiveLease, attends: boolean, now: number): void {
    let known = this.#known.get(lease.id);
    if (known === undefined) this.#known.set(lease.id, (known = { lease, attendedAt: now, unattendedAt: now, isAttended: attends }));
    if (attends) known.attendedAt = now;
    if (attends || known.isAttended) known.unattendedAt = now;
    // What was granted between two looks may have been attended to until then.
    if (known.lease.state !== lease.state) known.unattendedAt = now;
    known.lease = lease;
    known.isAttended = attends;
    const waitEnd = this.#waitEnds.get(lease.id);
    if (lease.state === 'waiting' && waitEnd !== undefined && now > waitEnd + LATE_MS) this.#complain('a wait ends with its time', `${lease.id} waits on after its time`);
    const grace = this.#carried.has(lease.id) ? undefined : graceOf(lease);
    if (grace !== undefined && !attends && now > known.unattendedAt + grace + LATE_MS) {
      this.#complain('what nobody attends to passes on', `${lease.id} is ${lease.state}, and nobody has attended to it for ${now - known.unattendedAt} ms`);
    }
  }

  #gone({ lease, attendedAt }: Known, state: State, attended: ReadonlySet<string>, now: number): void {
    const { id } = lease;
    this.#known.delete(id);
    const row = state.leases.get(id);
    if (row !== undefined && row.state !== 'abandoned') return;
    if (lease.state === 'waiting' && row === undefined && now > (this.#waitEnds.get(id) ?? -Infinity)) return;
    if (this.#carried.has(id)) this.#complain('a carried grant is never abandoned', `${id} was abandoned after an answer had carried it`);
    const isEarly = isAttended(lease, attended) || now < attendedAt + (graceOf(lease) ?? 0);
    if (isEarly) this.#complain('nothing is abandoned before its grace', `${id} was abandoned ${now - attendedAt} ms after somebody attended to it`);
  }
}

function* liveLeases(state: State): Generator<LiveLease> {
  for (const { holder, queue } of state.leaseIndex.lines.values()) {
    for (const id of [...(holder === undefined ? [] : [holder]), ...(queue ?? [])]) {
      const lease = state.leases.get(id) ?? state.places.get(id);
      if (lease !== undefined && lease.claimant.by !== 'task' && (lease.state === 'waiting' || lease.state === 'held')) yield lease;
    }
  }
}

/** Leases and keys that an open connection waits for. */
function attendedBy(exchanges: ReadonlySet<Exchange>): ReadonlySet<string> {
  const attended = new Set<string>();
  for (const { call: { ask }, arrivedLease, destroyed, wasSent } of exchanges) {
    if (destroyed) continue;
    if (ask.kind === 'acquire' && ask.key !== undefined) attended.add(ask.key.id);
    if (ask.kind === 'acquire' && !wasSent) attended.add(arrivedLease);
    if (ask.kind === 'readLease' || ask.kind === 'renew') attended.add(ask.lease);
  }
  return attended;
}

function isAttended({ id, claimant }: LiveLease, attended: ReadonlySet<string>): boolean {
  return attended.has(id) || (claimant.by !== 'task' && claimant.key !== undefined && attended.has(claimant.key));
}

/** Undefined where nothing is kept of who attends: a grant without a key whose answer is on its way. */
function graceOf({ claimant, state, ttlMs }: LiveLease): number | undefined {
  if (claimant.by === 'ticket') return state === 'held' ? Math.min(ttlMs, TICKET_CLAIM_MS) : TICKET_READ_MS;
  if (claimant.by === 'connection' && claimant.key !== undefined) return REATTACH_MS;
  return state === 'waiting' ? 0 : undefined;
}
