// Client: one user of locks, as good or as rude as its seed makes it.
//
// Owns what it does and what it believes: it may be sure of a lease until its own time of sending + elapsedMs +
// expiresInMs, and tells the checkers so. While there are no faults any more it finishes what it began and goes.

import type { LeaseBody } from '../../src/routes/lease-schemas.ts';
import type { Ask, Call, Heard } from './call.ts';
import { BatchClient, type Sender } from './batch-client.ts';
import type { World } from './world.ts';

type Acquire = Extract<Ask, { kind: 'acquire' }>;

/** A lease that this client was given. */
interface Held {
  readonly id: string;
  readonly lock: string;
  readonly token: number;
  readonly ttlMs: number;
  until: number;
}

const RETRIES_MAX = 6;

export class Client implements Sender {
  readonly number: number;
  readonly #world: World;
  readonly #batches: BatchClient;
  #keys = 0;
  #call: Call | undefined;

  constructor(world: World, number: number) {
    this.#world = world;
    this.number = number;
    this.#batches = new BatchClient(world, this);
  }

  /** A request of it has no answer yet. */
  get isWaiting(): boolean {
    return this.#call?.isOpen === true;
  }

  next(): void {
    const { faulty, chance, profile } = this.#world;
    if (!faulty) return;
    if (chance.bool(profile.batches)) this.#batches.next();
    else if (chance.bool(profile.admin)) this.#administer();
    else this.#acquire();
  }

  rest(): void {
    const { timeline, chance, profile } = this.#world;
    timeline.after(-Math.log(1 - chance.next()) * profile.thinkMs, () => this.next());
  }

  send(ask: Ask, heard: (heard: Heard) => void): Call {
    this.#call = this.#world.network.send(ask, heard);
    return this.#call;
  }

  // --- acquiring

  #acquire(): void {
    const { chance, profile } = this.#world;
    const waits = chance.bool(profile.waits);
    const key = chance.bool(profile.keys) ? `key-${this.number}-${++this.#keys}` : undefined;
    this.#try({
      kind: 'acquire',
      lock: this.#lock(),
      owner: `client ${this.number}`,
      ttlMs: chance.int(...profile.ttlMs),
      waitMs: waits ? chance.int(...profile.waitMs) : 0,
      ticket: waits && chance.bool(profile.tickets),
      key: key === undefined ? undefined : { id: key, fingerprint: 'a' },
    }, 0);
  }

  #try(ask: Acquire, tries: number): void {
    const { chance, profile, timeline, network, faulty } = this.#world;
    const call = this.send(ask, (heard) => this.#acquired(ask, call, heard, tries));
    if (!faulty || !chance.bool(profile.hangUps)) return;
    timeline.after(chance.next() * Math.max(10, ask.waitMs), () => {
      if (!call.isOpen) return;
      network.hangUp(call);
      this.#again(ask, tries);
    });
  }

  /** The same request once more, where a key makes that safe. */
  #again(ask: Acquire, tries: number): void {
    const { chance, timeline } = this.#world;
    if (ask.key === undefined || tries >= RETRIES_MAX) return this.rest();
    const other = chance.bool(0.03);
    if (other) return this.#reuse(ask);
    timeline.after(chance.next() * 3_000, () => this.#try(ask, tries + 1));
  }

  /** A key with another body is refused, or new. */
  #reuse(ask: Acquire): void {
    this.send({ ...ask, ticket: false, waitMs: 0, key: { id: ask.key!.id, fingerprint: 'b' } }, (heard) => {
      if (heard.lease?.state === 'held') this.#hold(ask.lock, heard.lease, this.#call!.sentAt);
      else this.rest();
    });
  }

  #acquired(ask: Acquire, call: Call, { status, code, lease }: Heard, tries: number): void {
    if (code === 'reset' && ask.key !== undefined && tries < RETRIES_MAX) this.#world.fault('retry after a crash');
    if (status === 0 || code === 'shutting_down') return this.#again(ask, tries);
    if (lease?.state === 'held') {
      if (ask.key !== undefined) this.#world.keys.binds(ask.key.id, ask.key.fingerprint, lease.id);
      return this.#hold(ask.lock, lease, call.sentAt);
    }
    if (lease?.state === 'waiting') return this.#follow(ask.lock, lease.id, 0);
    this.rest();
  }

  // --- tickets

  #follow(lock: string, lease: string, tries: number): void {
    const { chance, profile, timeline, faulty } = this.#world;
    if (faulty && chance.bool(profile.dies)) return this.rest();
    if (chance.bool(0.1)) return this.#release({ id: lease, lock, token: 0, ttlMs: 0, until: 0 });
    timeline.after(chance.next() * 500, () => {
      if (chance.bool(0.1)) return this.#renewWaiting(lock, lease, tries);
      const call = this.send({ kind: 'readLease', lease, waitMs: chance.bool(0.5) ? chance.int(1, 10_000) : 0 }, (heard) => {
        if (heard.status === 0 && tries < RETRIES_MAX) this.#follow(lock, lease, tries + 1);
        else if (heard.lease?.state === 'held') this.#hold(lock, heard.lease, call.sentAt);
        else if (heard.lease?.state === 'waiting') this.#follow(lock, lease, tries);
        else this.rest();
      });
    });
  }

  #renewWaiting(lock: string, lease: string, tries: number): void {
    const call = this.send({ kind: 'renew', lease, ttlMs: 1_000 }, (heard) => {
      if (heard.lease !== undefined) this.#hold(lock, heard.lease, call.sentAt);
      else if (heard.code === 'lease_not_held' || heard.status === 0) this.#follow(lock, lease, tries + 1);
      else this.rest();
    });
  }

  // --- holding

  #hold(lock: string, lease: LeaseBody, sentAt: number): void {
    const held: Held = { id: lease.id, lock, token: lease.fencingToken!, ttlMs: lease.ttlMs, until: -Infinity };
    this.#learn(held, lease, sentAt);
    this.#use(held, 0);
  }

  #learn(held: Held, lease: LeaseBody, sentAt: number): void {
    const { holds, timeline } = this.#world;
    held.until = sentAt + lease.elapsedMs + lease.expiresInMs!;
    holds.received(held.lock, held.token, timeline.now, held.until);
  }

  #use(held: Held, renewals: number): void {
    const { chance, profile, timeline, faulty } = this.#world;
    this.#write(held);
    if (faulty && chance.bool(profile.dies)) return this.rest();
    const stays = held.ttlMs * chance.next() * 0.6;
    timeline.after(stays, () => {
      this.#write(held);
      if (faulty && chance.bool(profile.rude)) this.#beRude(held);
      else if (faulty && chance.bool(profile.renews) && renewals < 20) this.#renew(held, renewals);
      else this.#release(held);
    });
  }

  #write(held: Held): void {
    const { holds, timeline } = this.#world;
    this.#world.protected.write(held.lock, held.token, holds.isSure(held.token, timeline.now));
  }

  #renew(held: Held, renewals: number): void {
    const { chance, profile } = this.#world;
    const ttlMs = chance.bool(0.3) ? chance.int(...profile.ttlMs) : undefined;
    if (ttlMs !== undefined) this.#world.holds.shortens(held.token, this.#world.timeline.now + ttlMs);
    const call = this.send({ kind: 'renew', lease: held.id, ttlMs }, (heard) => {
      if (heard.lease !== undefined) this.#learn(held, heard.lease, call.sentAt);
      else if (heard.status !== 0) this.#over(held, heard);
      if (heard.status === 200) this.#use(held, renewals + 1);
      else if (heard.status === 0 && renewals < 20) this.#use(held, renewals + 1);
      else this.rest();
    });
  }

  /** An answer said that the lease is over. */
  #over(held: Held, { code }: Heard): void {
    const { ends, timeline } = this.#world;
    if (code === 'lease_lost' || code === 'lease_not_found') ends.ended(held.id, timeline.now, this.#world.holds.isSure(held.token, timeline.now), code);
  }

  #release(held: Held): void {
    const { ends, holds, timeline, chance } = this.#world;
    holds.letGo(held.token);
    this.send({ kind: 'release', lease: held.id }, (heard) => {
      if (heard.status === 0) {
        timeline.after(chance.next() * 1_000, () => this.#release(held));
        return;
      }
      ends.ended(held.id, timeline.now, false, 'released');
      if (chance.bool(0.05)) this.#askStale(held);
      else this.rest();
    });
  }

  /** Uses the lock after its end, then asks for what it has no right to any more. */
  #beRude(held: Held): void {
    const { timeline, chance } = this.#world;
    this.#world.fault('use after the end');
    timeline.after(Math.max(0, held.until - timeline.now) + chance.next() * 2_000, () => {
      this.#write(held);
      this.#askStale(held);
    });
  }

  #askStale(held: Held): void {
    const { chance } = this.#world;
    const kind = chance.pick(['renew', 'release', 'readLease'] as const);
    const lease = chance.bool(0.1) ? 'lse_unknown_unknown_unkno' : held.id;
    if (kind === 'release') this.#world.holds.letGo(held.token);
    const call = this.send(kind === 'readLease' ? { kind, lease, waitMs: 0 } : { kind, lease }, (heard) => {
      if (heard.lease?.state === 'held') this.#hold(held.lock, heard.lease, call.sentAt);
      else this.rest();
    });
  }

  // --- administering

  #administer(): void {
    const { chance } = this.#world;
    const lock = this.#lock();
    const lockBody = { name: lock, kind: 'mutex', description: `${this.number}-${++this.#keys}`, labels: {} } as const;
    const ask = chance.pick<Ask>([
      { kind: 'createLock', lock: lockBody },
      { kind: 'createLock', lock: lockBody, key: { id: `create-${this.number}-${chance.int(0, 3)}`, fingerprint: chance.pick(['a', 'a', 'b']) } },
      { kind: 'putLock', lock: lockBody },
      { kind: 'deleteLock', name: lock },
      { kind: 'showLock', name: lock },
      { kind: 'listLocks', prefix: chance.pick(['', 'l']), state: ([undefined, 'locked', 'unlocked'] as const)[chance.int(0, 2)], limit: chance.int(1, 10), cursor: [undefined, undefined, 'lock-1', 'x'][chance.int(0, 3)] },
      { kind: 'listWaiters', name: lock, limit: chance.int(1, 10), cursor: [undefined, undefined, 'x', '3'][chance.int(0, 3)] },
      { kind: 'revoke', name: lock, fencingToken: chance.bool(0.5) ? this.#world.tokens.mark() - chance.int(0, 3) : undefined, reason: 'chance' },
    ]);
    this.send(ask, () => this.rest());
  }

  #lock(): string {
    const { chance, profile } = this.#world;
    return `lock-${chance.int(1, profile.locks)}`;
  }
}
