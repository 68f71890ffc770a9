// Model: what the contract says of locks, as the plainest program that does it.
//
// Owns holders, lines and times of connections without a key. Written from the contract, not from the machine: no rows,
// no indexes, no heap. Does not know tickets, keys or tasks.
//   M1. What came due before a request is settled first, in the order of the times.
//   M2. A lock that becomes free goes to who waited longest, at that very moment.
//   M3. The floor that a start puts under a lease is looked at when the lease would have ended without it.

export type End = 'released' | 'expired' | 'revoked';

interface Lease {
  readonly lock: string;
  readonly request: number;
  ttlMs: number;
  /** Held: until when, without the floor. Waiting: until when; never the very moment in which a lease ends. */
  until: number;
  /** When it is looked at next. (M3) */
  dueAt: number;
  state: 'waiting' | 'held' | End | 'gone';
}

interface Lock {
  holder: string | undefined;
  line: string[];
}

/** After a start a lease has this much left at least, or its `ttlMs`. */
const START_GRACE_MS = 10_000;

/** What a request that waited is told at last. */
export type Told = { readonly request: number; readonly told: 'granted' | 'wait_timed_out' | 'hungUp' };

export class Model {
  readonly leases = new Map<string, Lease>();
  readonly declared = new Set<string>();
  told: Told[] = [];
  #now: number;
  #startedAt: number;
  readonly #locks = new Map<string, Lock>();

  constructor(now: number) {
    this.#now = now;
    this.#startedAt = now;
  }

  holderOf(lock: string): string | undefined {
    return this.#locks.get(lock)?.holder;
  }

  lineOf(lock: string): readonly string[] {
    return this.#locks.get(lock)?.line ?? [];
  }

  /** Whether the lock can be shown at all. */
  isKnown(lock: string): boolean {
    return this.declared.has(lock) || this.holderOf(lock) !== undefined || this.lineOf(lock).length > 0;
  }

  /** (M1) A lease lives through its last millisecond. */
  passTo(now: number): void {
    this.#now = now;
    for (;;) {
      const due = [...this.leases].filter(([, lease]) => (lease.state === 'held' || lease.state === 'waiting') && lease.dueAt < now).toSorted(([, a], [, b]) => a.dueAt - b.dueAt)[0];
      if (due === undefined) return;
      const [id, lease] = due;
      if (lease.state === 'waiting') this.#leave(id, lease, 'wait_timed_out');
      else if (this.#endOf(lease) >= now) lease.dueAt = this.#endOf(lease);
      else this.#end(id, lease, 'expired');
    }
  }

  acquire(id: string, request: number, lock: string, ttlMs: number, waitMs: number): 'granted' | 'waits' | 'lock_held' {
    const there = this.#locks.get(lock);
    const isFree = there === undefined || (there.holder === undefined && there.line.length === 0);
    if (!isFree && waitMs === 0) return 'lock_held';
    const lease: Lease = { lock, request, ttlMs, until: 0, dueAt: 0, state: 'waiting' };
    this.leases.set(id, lease);
    if (isFree) this.#grant(id, lease);
    else {
      there.line.push(id);
      lease.until = lease.dueAt = this.#now + waitMs;
    }
    return isFree ? 'granted' : 'waits';
  }

  /** The state in which the lease is found, and what becomes of it. */
  renew(id: string, ttlMs: number | undefined): Lease['state'] {
    const lease = this.leases.get(id)!;
    if (lease.state === 'held') {
      lease.ttlMs = ttlMs ?? lease.ttlMs;
      lease.until = lease.dueAt = this.#now + lease.ttlMs;
    }
    return lease.state;
  }

  release(id: string): Lease['state'] {
    const lease = this.leases.get(id)!;
    const { state } = lease;
    if (state === 'held') this.#end(id, lease, 'released');
    return state;
  }

  revoke(lock: string): void {
    const holder = this.holderOf(lock);
    if (holder !== undefined) this.#end(holder, this.leases.get(holder)!, 'revoked');
  }

  hangUp(id: string): void {
    const lease = this.leases.get(id)!;
    if (lease.state === 'waiting') this.#leave(id, lease, 'hungUp');
  }

  /** Connections are gone, and with them who waited on one; what was granted stays, for a while at least. */
  restart(now: number): void {
    this.#startedAt = now;
    for (const [id, lease] of this.leases) {
      if (lease.state === 'waiting') this.#leave(id, lease, 'hungUp');
      lease.dueAt = lease.until;
    }
    this.told = [];
  }

  #endOf(lease: Lease): number {
    return Math.max(lease.until, this.#startedAt + Math.min(lease.ttlMs, START_GRACE_MS));
  }

  #grant(id: string, lease: Lease): void {
    this.#locks.set(lease.lock, { holder: id, line: this.#locks.get(lease.lock)?.line ?? [] });
    lease.state = 'held';
    lease.until = lease.dueAt = this.#now + lease.ttlMs;
  }

  /** (M2) */
  #end(id: string, lease: Lease, end: End): void {
    lease.state = end;
    const lock = this.#locks.get(lease.lock)!;
    const next = lock.line.shift();
    if (next === undefined) this.#locks.delete(lease.lock);
    else {
      const waiter = this.leases.get(next)!;
      this.#grant(next, waiter);
      this.told.push({ request: waiter.request, told: 'granted' });
    }
    if (lock.holder === id) lock.holder = undefined;
  }

  #leave(id: string, lease: Lease, told: 'wait_timed_out' | 'hungUp'): void {
    lease.state = 'gone';
    const lock = this.#locks.get(lease.lock)!;
    lock.line = lock.line.filter((waiter) => waiter !== id);
    this.told.push({ request: lease.request, told });
  }
}
