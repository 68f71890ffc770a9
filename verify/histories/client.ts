// Client: asks for locks, holds them, and misbehaves as real ones do.
//
// Owns what one client does, one thing after another. Everything that it draws comes from its own chance.
//   L1. A claim is asked for again only with its key, and only within the time for which the service keeps a place or
//       a grant that nobody attends to: beyond it the same key may get a second grant, and rightly.

import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../chance.ts';
import type { Answer } from './calls.ts';
import type { Caller, Claim, Held } from './caller.ts';
import type { Lost } from './connection.ts';
import { KEYED_TICKET_TTL_MS, ttlMs, type World } from './world.ts';

const MEDDLES = 0.05;
const SHOWS = 0.05;
const LINES = 0.04;
const HANGS_UP = 0.08;
const DOUBLES = 0.1;
const FOLLOWS_MAX = 40;
/** From the first attempt to the last. Under the five seconds of L1, with room for pauses and stalls on the way. */
const RETRY_WITHIN_MS = 3_500;
/** A ticket's grant that nobody has read is kept for its TTL at the most. */
const TICKET_RETRY_WITHIN_MS = KEYED_TICKET_TTL_MS / 2;
/** A holder that ends nothing leaves its lock to the lease's own end: it must be near. */
const LINGER_TTL_MS_MAX = 400;

export class Client {
  readonly #caller: Caller;
  /** For what is sent twice at a time. */
  readonly #second: Caller;
  readonly #world: World;
  readonly #chance: Chance;

  constructor(caller: Caller, second: Caller, world: World, chance: Chance) {
    this.#caller = caller;
    this.#second = second;
    this.#world = world;
    this.#chance = chance;
  }

  /** Until the world is over. */
  async work(): Promise<void> {
    while (!this.#world.over) await this.#turn();
  }

  async #turn(): Promise<void> {
    const chance = this.#chance;
    if (chance.bool(MEDDLES)) return this.#meddle();
    if (chance.bool(SHOWS)) return this.#breathe(await this.#caller.show(this.#world.lock(chance)));
    if (chance.bool(LINES)) return this.#breathe(await this.#caller.line(this.#world.lock(chance)));
    const claim = this.#world.claim(chance);
    const answer = await this.#claim(claim);
    if ('lost' in answer || answer.lease === undefined) return this.#breathe(answer);
    const held = { claim, lease: answer.lease };
    if (answer.state === 'held') await this.#hold(held, answer);
    else await this.#follow(held);
    this.#world.remember(held);
  }

  #claim(claim: Claim): Promise<Answer | Lost> {
    if (claim.waitMs > 0 && !claim.ticket && this.#chance.bool(HANGS_UP)) return this.#hangUp(claim);
    return this.#insist(claim);
  }

  /** Asks again, with the same key, until there is an answer. (L1) */
  async #insist(claim: Claim): Promise<Answer | Lost> {
    const until = performance.now() + (claim.ticket ? TICKET_RETRY_WITHIN_MS : RETRY_WITHIN_MS);
    let answer = await this.#ask(claim);
    while ('lost' in answer && claim.key !== undefined) {
      await this.#breathe(answer);
      if (performance.now() > until) break;
      answer = await this.#ask(claim);
    }
    return answer;
  }

  async #ask(claim: Claim): Promise<Answer | Lost> {
    if (claim.key === undefined || !this.#chance.bool(DOUBLES)) return this.#caller.acquire(claim);
    const both = await Promise.all([this.#caller.acquire(claim), this.#second.acquire(claim)]);
    return both.find((answer) => !('lost' in answer) && answer.lease !== undefined) ?? both[0];
  }

  async #hangUp(claim: Claim): Promise<Answer | Lost> {
    const first = this.#caller.acquire(claim);
    const other = claim.key !== undefined && this.#chance.bool(0.3) ? this.#second.acquire(claim) : undefined;
    await delay(this.#chance.int(0, 40));
    this.#caller.connection.hangUp();
    const [left, stayed] = await Promise.all([first, other]);
    const answer = 'lost' in left ? stayed ?? left : left;
    return 'lost' in answer && claim.key !== undefined && this.#chance.bool(0.7) ? this.#insist(claim) : answer;
  }

  /** Follows a ticket, leaves it, or forgets it. */
  async #follow(held: Held): Promise<void> {
    if (this.#chance.bool(0.05)) return this.#comeLate(held);
    for (let tries = 0; tries < FOLLOWS_MAX; tries++) {
      if (this.#chance.bool(0.04)) return void await this.#caller.release(held);
      const answer = await this.#caller.follow(held, this.#chance.int(0, 200));
      if ('lost' in answer) await this.#breathe(answer);
      else if (answer.state === 'held') return this.#hold(held, answer);
      else if (answer.state !== 'waiting') return;
    }
  }

  /** Leaves a ticket alone until its grant, if it got one, may have been given up; then looks. */
  async #comeLate(held: Held): Promise<void> {
    await delay(held.claim.waitMs);
    await this.#caller.follow(held, 0);
  }

  async #hold(held: Held, answer: Answer): Promise<void> {
    const { token } = answer;
    if (token === undefined) return;
    for (let steps = this.#chance.int(0, 3); steps > 0; steps--) await this.#use(held, token);
    await this.#finish(held, token);
  }

  /** One step under the lock: what is read before it is written after it. */
  async #use(held: Held, token: number): Promise<void> {
    const chance = this.#chance;
    const value = this.#world.store(held.claim.lock).read(token);
    const draw = chance.next();
    if (draw < 0.5) await this.#caller.renew(held, chance.bool(0.7) ? held.claim.ttlMs : ttlMs(chance));
    else if (draw < 0.65) await this.#caller.follow(held, 0);
    else if (draw < 0.75 && held.claim.key !== undefined) await this.#caller.acquire(held.claim);
    else if (draw < 0.8 && held.claim.key !== undefined) await this.#caller.reuse(held.claim);
    else if (draw < 0.88) await this.#caller.show(held.claim.lock);
    else await delay(chance.int(1, 6));
    if (value !== undefined) this.#world.write(held, token, value + 1);
  }

  async #finish(held: Held, token: number): Promise<void> {
    const chance = this.#chance;
    const mayLinger = held.claim.ttlMs <= LINGER_TTL_MS_MAX;
    if (mayLinger && chance.bool(0.04)) return;
    if (mayLinger && chance.bool(0.06)) await this.#overstay(held, token);
    const answer = await this.#caller.release(held);
    if ('lost' in answer ? chance.bool(0.8) : chance.bool(0.08)) await this.#caller.release(held);
  }

  /** Uses the lock after its end, and asks for more of it. */
  async #overstay(held: Held, token: number): Promise<void> {
    const value = this.#world.store(held.claim.lock).read(token);
    await delay(held.claim.ttlMs + this.#chance.int(-20, 60));
    if (value !== undefined) this.#world.write(held, token, value + 1);
    await this.#caller.renew(held, held.claim.ttlMs);
    this.#world.write(held, token, this.#world.store(held.claim.lock).value + 1);
  }

  /** Comes with a lease of somebody else's or of long ago, as who mixes things up does. */
  async #meddle(): Promise<void> {
    const held = this.#world.anyLease(this.#chance);
    if (held === undefined) return delay(1);
    const draw = this.#chance.next();
    if (draw < 0.4) return this.#breathe(await this.#caller.follow(held, 0));
    await (draw < 0.7 ? this.#caller.renew(held, held.claim.ttlMs) : this.#caller.release(held));
  }

  /** Neither hammers a service that is away nor a lock that is held. */
  async #breathe(answer: Answer | Lost): Promise<void> {
    if ('lost' in answer) await delay(answer.sent ? this.#chance.int(10, 120) : this.#chance.int(80, 300));
    else if (answer.status >= 400) await delay(this.#chance.int(1, 8));
  }
}
