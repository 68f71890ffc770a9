// Load at a given pace: acquires that begin when they are due, whether or not those before were answered.
//
// `pace.ts <address> <connections>`; asked for a span at so many pairs per second it tells the times of acquires. Each
// counts from the moment in which it was due, time in which no connection was free included: nothing is omitted because
// the server was slow. What is due within a tick is due at its beginning.

import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../figures.ts';
import { acquire, Release } from '../load/requests.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';

const TICK_MS = 2;
const [address = '', connections = ''] = process.argv.slice(2);
const due: number[] = [];
const free: Client[] = [];
let times: number[] = [];

class Client {
  readonly wire: Wire;
  readonly #acquire: Buffer;
  readonly #release: Release;
  #dueAt = 0;

  constructor(url: URL, lock: string) {
    this.#acquire = acquire(url, lock);
    this.#release = new Release(url);
    this.wire = new Wire(url, (answer) => this.#answered(answer));
  }

  begin(dueAt: number): void {
    this.#dueAt = dueAt;
    this.wire.send(this.#acquire);
  }

  #answered(answer: Answer): void {
    if (answer.status === 201) {
      times.push(performance.now() - this.#dueAt);
      return this.wire.send(this.#release.of(answer));
    }
    if (answer.status !== 204) unexpected(answer);
    const next = due.shift();
    if (next === undefined) return void free.push(this);
    return this.begin(next);
  }
}

for (let number = 0; number < Number(connections); number++) free.push(new Client(new URL(address), `pace-${number}`));
const clients = [...free];
await Promise.all(clients.map((client) => client.wire.connected));

await serve(async ({ perSecond, warmMs, measureMs }: Span & { perSecond: number }) => {
  times = [];
  const ticks = Math.ceil((warmMs + measureMs) / TICK_MS);
  const warmTicks = warmMs / TICK_MS;
  const began = performance.now();
  for (let tick = 0, asked = 0; tick < ticks; tick++) {
    const at = began + tick * TICK_MS;
    await delay(Math.max(0, at - performance.now()));
    if (tick === Math.ceil(warmTicks)) times = [];
    for (; asked < (perSecond * tick * TICK_MS) / 1_000; asked++) {
      const client = free.pop();
      if (client === undefined) due.push(at);
      else client.begin(at);
    }
  }
  while (free.length < clients.length) await delay(TICK_MS);
  const sorted = Float64Array.from(times).toSorted();
  return { medianMs: percentile(sorted, 0.5), p90Ms: percentile(sorted, 0.9), p99Ms: percentile(sorted, 0.99), p999Ms: percentile(sorted, 0.999), maxMs: sorted.at(-1) ?? Number.NaN };
});
