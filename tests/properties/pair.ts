// Pair: the machine and the model of the contract, given the same and asked the same.
//
// Owns what clients may do in a run and what is compared: every answer, who holds each lock, and who waits in which order.

import { deepStrictEqual, ok, partialDeepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { codeOf, heldOf, replyOf, World } from '../locks/world.ts';
import { Model } from './model.ts';

const LOCKS = ['a', 'b'] as const;
const lock = fc.constantFrom(...LOCKS);
const ttlMs = fc.constantFrom(100, 700, 5_000, 30_000);
/** Halves, so that no wait ends in the millisecond in which a lease does: which comes first is nobody's promise. */
const halfMs = fc.constantFrom(0, 50.5, 900.5, 60_000.5);
/** Which of the leases so far, the latest first. */
const which = fc.nat(9);

export const act = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('acquire' as const), lock, ttlMs, waitMs: halfMs }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), which, ttlMs: fc.option(ttlMs, { nil: undefined }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hangUp' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), lock }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('declare' as const), lock, isThere: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.nat(120), fc.nat(1_500), fc.nat(12_000)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), openAfterMs: fc.nat(500) }) },
);
export type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

/** The machine and the model, side by side. Throws where they differ. */
export class Pair {
  readonly world = new World();
  readonly model = new Model(this.world.now);
  readonly #leases: string[] = [];
  readonly #waiting = new Set<number>();
  readonly #tokens = new Set<number>();
  /** The latest of the steps before this one: grants of one step to different locks have no order. */
  #latestToken = 0;

  do(next: Act): void {
    if (next.kind === 'pass') this.world.pass(next.ms);
    else if (next.kind === 'restart') this.#restart(next.openAfterMs);
    this.model.passTo(this.world.now);
    this.#ask(next);
    this.#compareTold();
    for (const name of LOCKS) this.#compare(name);
    this.#latestToken = Math.max(0, ...this.#tokens);
  }

  #ask(next: Act): void {
    switch (next.kind) {
      case 'acquire': return this.#acquire(next);
      case 'release': return this.#withLease(next.which, (id) => { this.#release(id); });
      case 'renew': return this.#withLease(next.which, (id) => { this.#renew(id, next.ttlMs); });
      case 'hangUp': return this.#withLease(next.which, (id) => { this.#hangUp(id); });
      case 'revoke': return this.#revoke(next.lock);
      case 'declare': return this.#declare(next.lock, next.isThere);
      case 'pass':
      case 'restart': return;
    }
  }

  #acquire({ lock: name, ttlMs: ttl, waitMs }: Extract<Act, { kind: 'acquire' }>): void {
    const { request, lease } = this.world.acquire(name, { ttlMs: ttl, waitMs });
    const said = this.model.acquire(lease, request, name, ttl, waitMs);
    const answer = this.world.answerTo(request);
    if (said === 'lock_held') deepStrictEqual(codeOf(answer), 'lock_held');
    else this.#leases.unshift(lease);
    if (said === 'granted') this.#seeGrant(request, lease);
    if (said === 'waits') {
      deepStrictEqual(answer, undefined);
      this.#waiting.add(request);
    }
  }

  /** Its token is above all before. */
  #seeGrant(request: number, lease: string): void {
    const { id, fencingToken } = heldOf(this.world.answerTo(request));
    deepStrictEqual(id, lease);
    ok(fencingToken > this.#latestToken && !this.#tokens.has(fencingToken));
    this.#tokens.add(fencingToken);
  }

  #withLease(nth: number, action: (id: string) => void): void {
    const id = this.#leases[nth];
    if (id !== undefined) action(id);
  }

  /** Nobody knows the id of a lease that still waits on a connection. */
  #release(id: string): void {
    if (this.model.leases.get(id)!.state === 'waiting') return;
    const state = this.model.release(id);
    const answer = codeOf(this.world.answerTo(this.world.ask({ kind: 'release', lease: id })));
    deepStrictEqual(answer, { held: 'done', released: 'done', expired: 'lease_lost', revoked: 'lease_lost', gone: 'lease_not_found', waiting: '' }[state]);
  }

  #renew(id: string, ttl: number | undefined): void {
    if (this.model.leases.get(id)!.state === 'waiting') return;
    const state = this.model.renew(id, ttl);
    const answer = this.world.answerTo(this.world.ask({ kind: 'renew', lease: id, ttlMs: ttl }));
    if (state === 'held') partialDeepStrictEqual(heldOf(answer), { id, expiresAt: this.model.leases.get(id)!.until });
    else if (state === 'gone') deepStrictEqual(codeOf(answer), 'lease_not_found');
    else partialDeepStrictEqual(replyOf(answer, 'refused').refusal, { code: 'lease_lost', reason: state });
  }

  #hangUp(id: string): void {
    const lease = this.model.leases.get(id)!;
    if (lease.state !== 'waiting') return;
    this.world.hangUp(lease.request);
    this.model.hangUp(id);
  }

  #revoke(name: string): void {
    this.world.ask({ kind: 'revoke', name });
    this.model.revoke(name);
  }

  #declare(name: string, isThere: boolean): void {
    if (isThere) {
      this.world.ask({ kind: 'putLock', lock: { name, kind: 'mutex', description: '', labels: {} } });
      this.model.declared.add(name);
      return;
    }
    const answer = codeOf(this.world.answerTo(this.world.ask({ kind: 'deleteLock', name })));
    const isBusy = this.model.holderOf(name) !== undefined || this.model.lineOf(name).length > 0;
    deepStrictEqual(answer, isBusy ? 'lock_held' : this.model.declared.has(name) ? 'done' : 'lock_not_found');
    if (!isBusy) this.model.declared.delete(name);
  }

  #restart(openAfterMs: number): void {
    this.model.restart(this.world.now + openAfterMs);
    this.world.restart(openAfterMs);
    this.#waiting.clear();
  }

  /** Who waited is told what the model says, and nobody else is told anything. */
  #compareTold(): void {
    for (const { request, told } of this.model.told) {
      this.#waiting.delete(request);
      if (told !== 'granted') deepStrictEqual(codeOf(this.world.answerTo(request)), told);
    }
    for (const { request, told } of this.model.told) {
      const lease = [...this.model.leases].find(([, row]) => row.request === request)![0];
      if (told === 'granted') this.#seeGrant(request, lease);
    }
    this.model.told = [];
    for (const request of this.#waiting) deepStrictEqual(this.world.answerTo(request), undefined);
  }

  #compare(name: string): void {
    const reply = this.world.answerTo(this.world.ask({ kind: 'showLock', name }));
    if (!this.model.isKnown(name)) return deepStrictEqual(codeOf(reply), 'lock_not_found');
    const { lock: shown } = replyOf(reply, 'lock');
    deepStrictEqual([shown.holder?.lease.id, shown.waiters, shown.declared !== undefined], [this.model.holderOf(name), this.model.lineOf(name).length, this.model.declared.has(name)]);
    const line = replyOf(this.world.answerTo(this.world.ask({ kind: 'listWaiters', name, limit: 1_000 })), 'waiters');
    deepStrictEqual(line.waiters.map(({ position, lease }) => [position, lease.id]), this.model.lineOf(name).map((id, nth) => [nth + 1, id]));
  }
}
