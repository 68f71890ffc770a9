// Probe: a client beside a scenario that asks at a steady pace and tells how long it was kept waiting.
//
// `probe.ts <address> <everyMs>`; asked to begin it asks for `/health/live`, which the service answers without its journal,
// and acquires and releases a free lock, each time on the next of several connections, so that waiting for the disk does
// not add up; asked to end it tells the times. Each counts from when it was due: what comes due while an answer is late
// counts too.

import { percentile } from '../figures.ts';
import { acquire, get, Release } from './requests.ts';
import { serve } from './serve.ts';
import { unexpected, Wire, type Answer } from './wire.ts';

const ACQUIRING = 32;

export type ProbeAsked = 'begin' | 'end';

export interface Probed {
  readonly liveMaxMs: number;
  readonly acquireMedianMs: number;
  readonly acquireMaxMs: number;
}

const [address = '', everyMs = ''] = process.argv.slice(2);
const url = new URL(address);

/** One thing that is asked for over and over, one at a time. */
class Asking {
  readonly wire: Wire;
  times: number[] = [];
  readonly #due: number[] = [];
  readonly #request: Buffer;
  readonly #release: Release | undefined;

  constructor(request: Buffer, release?: Release) {
    this.#request = request;
    this.#release = release;
    this.wire = new Wire(url, (answer) => this.#answered(answer));
  }

  ask(dueAt: number): void {
    if (this.#due.push(dueAt) === 1) this.wire.send(this.#request);
  }

  #answered(answer: Answer): void {
    if (answer.status >= 400) unexpected(answer);
    if (answer.status !== 204) this.times.push(performance.now() - this.#due[0]!);
    if (answer.status === 201) return this.wire.send(this.#release!.of(answer));
    this.#due.shift();
    return this.#due.length > 0 ? this.wire.send(this.#request) : undefined;
  }
}

const live = new Asking(get(url, '/health/live'));
const acquires = Array.from({ length: ACQUIRING }, (_, number) => new Asking(acquire(url, `probe-${number}`), new Release(url)));
await Promise.all([live, ...acquires].map((asking) => asking.wire.connected));

let timer: NodeJS.Timeout | undefined;

function begin(): void {
  let dueAt = performance.now();
  let next = 0;
  timer = setInterval(() => {
    for (const now = performance.now(); dueAt <= now; dueAt += Number(everyMs)) {
      live.ask(dueAt);
      acquires[next++ % ACQUIRING]!.ask(dueAt);
    }
  }, 1);
}

await serve(async (asked: ProbeAsked) => {
  clearInterval(timer);
  const liveMaxMs = live.times.reduce((longest, time) => Math.max(longest, time), 0);
  const acquired = Float64Array.from(acquires.flatMap(({ times }) => times)).toSorted();
  for (const asking of [live, ...acquires]) asking.times = [];
  if (asked === 'begin') begin();
  return { liveMaxMs, acquireMedianMs: acquired.length === 0 ? 0 : percentile(acquired, 0.5), acquireMaxMs: acquired.at(-1) ?? 0 };
});
