// World: what the clients of one history share: the locks that are in use, the stores behind them, the record.
//
// Owns names and numbers. Does not own what clients do.
//   W1. A lock gets about `CALLS_PER_LOCK` calls and is then left for a new one, so that a search over all orders of
//       its calls stays small.

import type { Chance } from '../chance.ts';
import type { Call, Write } from './calls.ts';
import type { Claim, Held, Recorder } from './caller.ts';
import { Store } from './store.ts';

const CALLS_PER_LOCK = 150;
const REMEMBERED_LEASES = 48;
const TICKET = 0.12;
const WAITING = 0.6;
const KEYED = 0.4;
/** Long, as a ticket's grant that no answer has carried is kept no longer, and a retry has to come within it. */
export const KEYED_TICKET_TTL_MS = 2_500;

export class World implements Recorder {
  readonly calls: Call[] = [];
  readonly writes: Write[] = [];
  /** No client begins anything new. */
  over = false;
  readonly #name: string;
  readonly #slots: string[];
  readonly #counts = new Map<string, number>();
  readonly #stores = new Map<string, Store>();
  readonly #leases: Held[] = [];
  #claims = 0;
  #locks = 0;

  /** `slots`: how many locks are in use at a time. */
  constructor(name: string, slots: number) {
    this.#name = name;
    this.#slots = Array.from({ length: slots }, () => this.#newLock());
  }

  get lockNames(): readonly string[] {
    return [...this.#counts.keys()];
  }

  record(call: Call): void {
    this.calls.push(call);
    const count = (this.#counts.get(call.lock) ?? 0) + 1;
    this.#counts.set(call.lock, count);
    const slot = count < CALLS_PER_LOCK ? -1 : this.#slots.indexOf(call.lock);
    if (slot >= 0) this.#slots[slot] = this.#newLock();
  }

  lock(chance: Chance): string {
    return chance.pick(this.#slots);
  }

  claim(chance: Chance): Claim {
    this.#claims++;
    const number = this.#claims;
    const ticket = chance.bool(TICKET);
    const waitMs = ticket ? chance.int(300, 1_000) : (chance.bool(WAITING) ? chance.int(30, 600) : 0);
    const key = chance.bool(KEYED) ? `${this.#name}-${number}` : undefined;
    return { number, lock: this.lock(chance), ttlMs: ticket && key !== undefined ? KEYED_TICKET_TTL_MS : ttlMs(chance), waitMs, ticket, key };
  }

  /** The store behind a lock. */
  store(lock: string): Store {
    let store = this.#stores.get(lock);
    if (store === undefined) this.#stores.set(lock, store = new Store());
    return store;
  }

  write({ claim }: Held, token: number, value: number): void {
    const at = performance.now();
    const accepted = this.store(claim.lock).write(token, value);
    this.writes.push({ lock: claim.lock, claim: claim.number, token, at, accepted });
  }

  /** Keeps a lease for those who come with one that is not theirs, or no longer. */
  remember(held: Held): void {
    this.#leases.push(held);
    if (this.#leases.length > REMEMBERED_LEASES) this.#leases.shift();
  }

  anyLease(chance: Chance): Held | undefined {
    return this.#leases.length === 0 ? undefined : chance.pick(this.#leases);
  }

  #newLock(): string {
    this.#locks++;
    const name = `${this.#name}-${this.#locks}`;
    this.#counts.set(name, 0);
    return name;
  }
}

export const TTL_MS_MIN = 100;
/** Most are shorter. */
export const TTL_MS_SHORT_MAX = 300;

/** Mostly short, so that leases end by themselves within a history. */
export function ttlMs(chance: Chance): number {
  if (chance.bool(0.6)) return chance.int(TTL_MS_MIN, TTL_MS_SHORT_MAX);
  return chance.bool(0.8) ? chance.int(TTL_MS_SHORT_MAX, 800) : 1_500;
}
