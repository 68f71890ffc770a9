// Faults: what is done to the process and to the connections while clients work.
//
// Owns the plan of a history and its times. Does not own how a fault is done (process.ts, proxy.ts).
//   T1. Faults follow one another; when the plan is through, the service runs and the weather is clear.

import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../chance.ts';
import type { Fault } from './calls.ts';
import type { ServiceProcess } from './process.ts';
import type { Proxy } from './proxy.ts';

export type Kind = Fault['kind'];

const ALL: readonly Kind[] = ['kill', 'pause', 'delay', 'stall', 'cut', 'reset'];
const WITHOUT_KILL: readonly Kind[] = ALL.filter((kind) => kind !== 'kill');

/** A kill costs a history a second or more; every other history has one. */
export function draw(chance: Chance): Kind[] {
  const plan: Kind[] = Array.from({ length: chance.int(2, 3) }, () => chance.pick(WITHOUT_KILL));
  if (chance.bool(0.5)) plan.splice(chance.int(0, plan.length), 0, 'kill');
  return plan;
}

export class Faults {
  readonly done: Fault[] = [];
  readonly #service: ServiceProcess;
  readonly #proxy: Proxy;
  readonly #chance: Chance;

  constructor(service: ServiceProcess, proxy: Proxy, chance: Chance) {
    this.#service = service;
    this.#proxy = proxy;
    this.#chance = chance;
  }

  /** One after another, with some time before each. (T1) */
  async carryOut(plan: readonly Kind[], gapMs: number): Promise<void> {
    for (const kind of plan) {
      await delay(this.#chance.int(Math.floor(gapMs / 2), gapMs));
      const from = performance.now();
      await this.#do(kind);
      this.done.push({ kind, from, to: performance.now(), openedAt: kind === 'kill' ? this.#service.openedAt : undefined });
    }
  }

  async #do(kind: Kind): Promise<void> {
    const chance = this.#chance;
    switch (kind) {
      case 'kill': return this.#service.killAndRestart(chance.int(0, 150));
      case 'pause': return this.#service.pause(chance.bool(0.5) ? chance.int(20, 90) : chance.int(150, 700));
      case 'delay': return this.#weather({ kind: 'delay', ms: chance.int(2, 40) }, chance.int(100, 400));
      case 'stall': return this.#weather({ kind: 'stall' }, chance.int(50, 500));
      case 'cut': return this.#weather({ kind: 'cut', afterBytes: () => chance.int(0, 4_000), reset: chance.bool(0.5) }, chance.int(100, 300));
      case 'reset': return this.#proxy.resetAll();
    }
  }

  async #weather(weather: Proxy['weather'], ms: number): Promise<void> {
    this.#proxy.weather = weather;
    await delay(ms);
    this.#proxy.weather = { kind: 'clear' };
  }
}
