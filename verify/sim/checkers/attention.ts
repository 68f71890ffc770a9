// Attention: a place or a grant that nobody attends to passes on after its grace, and not before. (P6, P7)
//
// Owns what the edge knows of connections: which are open, what they asked for, which answers the kernel took. Compares
// it with what stands in the lines after each input. Time is the service's own.
//   A1. What nobody attends to is gone after its grace: a place without a key at once, a place or a grant with one 5 s
//       after its last connection, a ticket 30 s after its last reading, a ticket's grant that no answer has carried
//       min(ttlMs, 10 s) after it.
//   A2. Nothing is abandoned before, and nothing that an answer has carried ever is. A start takes every grant for
//       carried, a ticket's that nobody claimed excepted, and lets every grace begin anew.
//   A3. A wait ends with its time.

import { REATTACH_MS, TICKET_CLAIM_MS, TICKET_READ_MS } from '../../../src/limits.ts';
import type { RequestKey } from '../../../src/state/inputs.ts';
import type { LiveLease } from '../../../src/state/rows.ts';
import type { State } from '../../../src/state/state.ts';
import type { Exchange } from '../exchange.ts';
import type { Complain } from '../judge.ts';

/** What a request about a lease says of itself. */
export interface Asking {
  /** Of a new lease, or of the one that is asked about. */
  readonly lease: string;
  readonly key: RequestKey | undefined;
  readonly kind: 'acquire' | 'readLease' | 'renew';
  /** Until when the request listens to a lease that waits, in the service's time. */
  readonly until: number;
  /** The service hears at once when its connection closes, and not only when it has the answer. */
  readonly isWatched: boolean;
}

/** What a connection asks for, as one look after another finds it. */
interface Attending extends Asking {
  /** How a grant of the lease is attended to. */
  readonly asHeld: string;
  /** How many looks there had been when it arrived. */
  readonly looks: number;
}

/** Who attends: a connection, one whose closing is known, one that was there at the look before. */
const ANY = 1;
const OPEN = 2;
const LASTING = 4;

/** By what is attended to. */
type Attended = ReadonlyMap<string, number>;

interface Known {
  lease: LiveLease;
  /** When somebody attended for sure, and since when nobody can have. */
  attendedAt: number;
  /** When somebody asked about it: too late, if it was due before. */
  askedAt: number;
  unattendedAt: number;
  isAttended: boolean;
}

/** The service's time is told in whole milliseconds, and what is due comes after its last. */
const LATE_MS = 5;
/** Well below the time for which ended leases are kept, so that how they ended can be read. */
const BETWEEN_LOOKS_MS_MAX = 60_000;
/** So many leases are looked at for each input, on the average: a crowd is looked at now and then. */
const LEASES_PER_INPUT = 4;
const INPUTS_BETWEEN_LOOKS = 8;

export class Attention {
  readonly #complain: Complain;
  readonly #known = new Map<string, Known>();
  readonly #waitEnds = new Map<string, number>();
  readonly #carried = new Set<string>();
  readonly #asking = new Map<Exchange, Attending>();
  readonly #writing = new Map<Exchange, string>();
  #state: State | undefined;
  #lookedAt = 0;
  /** What is seen at the next look may have been there for long. */
  #isAnew = false;
  /** What is seen for the first time was asked for after this moment. */
  #newSince = -Infinity;
  /** A request that has come since the last one may have come too late. */
  #looks = 0;
  #inputsToCome = 0;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** A request about a lease arrives. */
  asks(exchange: Exchange, asking: Asking, now: number): void {
    const { lease, key, kind, until } = asking;
    this.#asking.set(exchange, { ...asking, asHeld: heldAs(lease), looks: this.#looks });
    if (kind === 'acquire') this.#waitEnds.set(lease, until);
    const known = this.#known.get(lease);
    if (known !== undefined) known.unattendedAt = now;
    // Renewing a ticket that waits is not reading it.
    if (known !== undefined && kind !== 'renew') known.askedAt = now;
    if (key !== undefined) this.#askedBy(key.id, now);
  }

  /** A retry attends to what its key named, whether or not it is the same request. */
  #askedBy(key: string, now: number): void {
    const named = this.#state?.keys.get(key)?.names;
    const known = named?.kind === 'lease' ? this.#known.get(named.id) : undefined;
    if (known !== undefined) known.unattendedAt = now;
  }

  /** An answer that calls the lease held goes to the kernel. */
  wrote(exchange: Exchange, lease: string): void {
    this.#writing.set(exchange, lease);
  }

  /** The service has taken in that the only answer with a grant met a closed connection. (A1) */
  uncarried(state: State, lease: string): void {
    if (state.leases.get(lease)?.state === 'held') this.#complain('what nobody attends to passes on', `${lease} is held, though its answer met a closed connection`);
  }

  /** What goes on while the process stands still is not seen in its order: it is watched anew from its end on. */
  stalled(): void {
    this.#known.clear();
    this.#isAnew = true;
  }

  /** After each input of a service whose port is open. */
  look(state: State, now: number): void {
    if (--this.#inputsToCome > 0 && state === this.#state) return;
    this.#inputsToCome = INPUTS_BETWEEN_LOOKS + Math.floor(state.leaseIndex.clientLeases / LEASES_PER_INPUT);
    this.#newSince = this.#isAnew || now - this.#lookedAt > BETWEEN_LOOKS_MS_MAX ? -Infinity : this.#lookedAt;
    if (state !== this.#state) this.#newSince = now;
    if (state !== this.#state || now - this.#lookedAt > BETWEEN_LOOKS_MS_MAX) this.#begin(state);
    this.#lookedAt = now;
    if (state.phase !== 'serving') return;
    this.#settleExchanges();
    const attended = this.#attended(now);
    const live = new Set<string>();
    for (const lease of liveLeases(state)) {
      live.add(lease.id);
      const by = attendedBy(lease, attended);
      this.#see(lease, (by & ANY) !== 0, (by & OPEN) !== 0, now);
    }
    for (const [id, known] of this.#known) if (!live.has(id)) this.#gone(known, state, (attendedBy(known.lease, attended) & LASTING) !== 0, now);
    this.#looks++;
    this.#isAnew = false;
  }

  /** (A2) */
  #begin(state: State): void {
    this.#settleExchanges();
    this.#known.clear();
    if (state === this.#state) return;
    this.#state = state;
    this.#asking.clear();
    this.#writing.clear();
    for (const lease of liveLeases(state)) {
      // A place that the start itself granted is not one that was stored as held: it has its grace.
      const wasStored = state.attendance.get(lease.id) === undefined;
      if (lease.state === 'held' && lease.unclaimed !== true && wasStored) this.#carried.add(lease.id);
    }
  }

  #settleExchanges(): void {
    for (const [exchange, lease] of this.#writing) {
      if (exchange.writableFinished) this.#carried.add(lease);
      if (exchange.writableFinished || exchange.destroyed) this.#writing.delete(exchange);
    }
    for (const [exchange, { isWatched }] of this.#asking) {
      if (exchange.wasSent || exchange.wasGivenUp || (isWatched && exchange.destroyed)) this.#asking.delete(exchange);
    }
  }

  /** What a connection waits for, or is about to be answered with, and which connections those are. */
  #attended(now: number): Attended {
    const attended = new Map<string, number>();
    const add = (what: string, by: number): void => { attended.set(what, (attended.get(what) ?? 0) | by); };
    for (const [exchange, { lease, asHeld, key, kind, until, looks }] of this.#asking) {
      const by = exchange.destroyed ? ANY : looks < this.#looks ? ANY | OPEN | LASTING : ANY | OPEN;
      if (kind === 'acquire' || until >= now) add(lease, by);
      if (kind !== 'acquire') add(asHeld, by);
      if (key !== undefined) add(key.id, this.#isOfKey(key) ? by : ANY);
    }
    return attended;
  }

  /** With another body a key is refused, and attends to nothing. */
  #isOfKey({ id, fingerprint }: RequestKey): boolean {
    return this.#state?.keys.get(id)?.fingerprint === fingerprint;
  }

  #see(lease: LiveLease, attends: boolean, forSure: boolean, now: number): void {
    let known = this.#known.get(lease.id);
    if (known === undefined) this.#known.set(lease.id, (known = { lease, attendedAt: this.#newSince, askedAt: -Infinity, unattendedAt: now, isAttended: attends }));
    known.attendedAt = forSure ? now : Math.max(known.attendedAt, known.askedAt);
    if (attends || known.isAttended || known.lease.state !== lease.state) known.unattendedAt = now;
    known.lease = lease;
    known.isAttended = attends;
    const waitEnd = this.#waitEnds.get(lease.id);
    if (lease.state === 'waiting' && waitEnd !== undefined && now > waitEnd + LATE_MS) this.#complain('a wait ends with its time', `${lease.id} waits on after its time`);
    const grace = this.#carried.has(lease.id) ? undefined : graceMs(lease);
    if (grace !== undefined && !attends && now > known.unattendedAt + grace + LATE_MS) {
      this.#complain('what nobody attends to passes on', `${lease.id} is ${lease.state}, and nobody has attended to it for ${now - known.unattendedAt} ms`);
    }
  }

  /** A lease that was live at the last look is not any more. */
  #gone({ lease, attendedAt }: Known, state: State, attends: boolean, now: number): void {
    const { id } = lease;
    this.#known.delete(id);
    const row = state.leases.get(id);
    if (row !== undefined && row.state !== 'abandoned') return;
    if (lease.state === 'waiting' && row === undefined && now > (this.#waitEnds.get(id) ?? -Infinity)) return;
    if (this.#carried.has(id)) this.#complain('a carried grant is never abandoned', `${id} went like one that nobody attends to, after an answer had carried it`);
    if (attends || now < keptUntil(lease, attendedAt)) {
      this.#complain('nothing is abandoned before its grace', `${id} was abandoned ${now - attendedAt} ms after somebody attended to it`);
    }
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

/** An answer that shows a grant attends to it, whatever was asked; to a place only what waits does. */
function heldAs(lease: string): string {
  return `${lease} held`;
}

function keyOf({ claimant }: LiveLease): string | undefined {
  return claimant.by === 'task' ? undefined : claimant.key;
}

function attendedBy(lease: LiveLease, attended: Attended): number {
  const asHeld = lease.state === 'held' ? attended.get(heldAs(lease.id)) ?? 0 : 0;
  // What asked for a ticket is answered with a place, however late: that carries no grant.
  if (lease.state === 'held' && lease.claimant.by === 'ticket') return asHeld;
  const asKey = lease.claimant.by === 'connection' ? attended.get(keyOf(lease) ?? '') ?? 0 : 0;
  return asHeld | asKey | (attended.get(lease.id) ?? 0);
}

/** Undefined where nothing is kept of who attends: a grant without a key whose answer is on its way. */
function graceMs(lease: LiveLease): number | undefined {
  if (lease.claimant.by === 'ticket') return lease.state === 'held' ? claimMs(lease) : TICKET_READ_MS;
  if (keyOf(lease) !== undefined) return REATTACH_MS;
  return lease.state === 'waiting' ? 0 : undefined;
}

/** A ticket may have been granted since it was looked at. */
function keptUntil(lease: LiveLease, attendedAt: number): number {
  if (lease.claimant.by === 'ticket') return (lease.state === 'held' ? lease.heldSince : attendedAt) + claimMs(lease);
  return attendedAt + (keyOf(lease) === undefined ? 0 : REATTACH_MS);
}

function claimMs({ ttlMs }: LiveLease): number {
  return Math.min(ttlMs, TICKET_CLAIM_MS);
}
