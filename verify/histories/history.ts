// History: some seconds of many clients and some faults, and the record of it.
//
// Owns one run from its first call to the answer to its last. Does not own what the record must look like (check.ts).
//   R1. After the last fault everything is answered: a call that is not by then is given up and stays unknown.

import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '../chance.ts';
import type { History } from './calls.ts';
import { Caller } from './caller.ts';
import { Client } from './client.ts';
import { Connection, watched } from './connection.ts';
import { Faults, type Kind } from './faults.ts';
import type { ServiceProcess } from './process.ts';
import type { Proxy } from './proxy.ts';
import { World } from './world.ts';

/** Of so many connections two, those of one client, go through the proxy. */
const PROXIED = 6;

export interface Shape {
  /** Part of every lock's name and key: no other history of the same service may have it. */
  readonly name: string;
  readonly clients: number;
  readonly slots: number;
  readonly plan: readonly Kind[];
  /** Before each fault, and after the last. */
  readonly gapMs: number;
}

export async function runHistory(service: ServiceProcess, proxy: Proxy, shape: Shape, chance: Chance): Promise<History> {
  const world = new World(shape.name, shape.slots);
  const callers = Array.from({ length: 2 * shape.clients }, (_, number) => {
    const proxied = number % PROXIED === 0 || number % PROXIED === 1;
    return new Caller(number, new Connection(() => (proxied ? proxy.port : service.port)), proxied, world);
  });
  const clients = Array.from({ length: shape.clients }, (_, number) => new Client(callers[2 * number]!, callers[2 * number + 1]!, world, chance.fork()));
  const faults = new Faults(service, proxy, chance.fork());

  const from = performance.now();
  await watched(callers.map(({ connection }) => connection), async () => {
    const work = Promise.all(clients.map((client) => client.work()));
    await faults.carryOut(shape.plan, shape.gapMs);
    await delay(shape.gapMs);
    world.over = true;
    await work;
  });
  return { calls: world.calls, writes: world.writes, faults: faults.done, from, to: performance.now() };
}
