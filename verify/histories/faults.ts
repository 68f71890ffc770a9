// Faults: what is done to the process and to the connections while clients work.
//
// Owns the plan of a history and its times. Does not own how a fault is done (process.ts, proxy.ts).
//   T1. Faults follow one another; when the plan is through, the service runs and the weather is clear.

import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../chance.ts';
import type { Fault, Restart } from './calls.ts';
import type { ServiceProcess } from './process.ts';
import type { Proxy } from './proxy.ts';

export type Kind = Fault['kind'];

const RESTARTS = 0.4;
const PASSING: readonly Kind[] = ['pause', 'delay', 'stall', 'cut', 'reset'];

/** A restart costs a history a second or more: not every one has one. Of those every third is an orderly one. */
export function draw(chance: Chance): Kind[] {
  const plan: Kind[] = Array.from({ length: chance.int(2, 3) }, () => chance.pick(PASSING));
  if (chance.bool(RESTARTS)) plan.splice(chance.int(0, plan.length), 0, chance.bool(1 / 3) ? 'stop' : 'kill');
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
      const restart = await this.#do(kind);
      this.done.push({ kind, from, to: performance.now(), restart });
    }
  }

  /** Resolves when it is over; with what a restart was like. */
  async #do(kind: Kind): Promise<Restart | undefined> {
    const chance = this.#chance;
    if (kind === 'kill') return this.#service.restart('SIGKILL', chance.int(0, 150));
    if (kind === 'stop') return this.#service.restart('SIGTERM', chance.int(0, 150));
    if (kind === 'pause') await this.#service.pause(chance.bool(0.5) ? chance.int(20, 90) : chance.int(150, 700));
    if (kind === 'delay') await this.#weather({ kind, ms: chance.int(2, 40) }, chance.int(100, 400));
    if (kind === 'stall') await this.#weather({ kind }, chance.int(50, 500));
    if (kind === 'cut') await this.#weather({ kind, afterBytes: () => chance.int(0, 4_000), reset: chance.bool(0.5) }, chance.int(100, 300));
    if (kind === 'reset') this.#proxy.resetAll();
    return undefined;
  }

  async #weather(weather: Proxy['weather'], ms: number): Promise<void> {
    this.#proxy.weather = weather;
    await delay(ms);
    this.#proxy.weather = { kind: 'clear' };
  }
}
