// Hand-offs: from the sending of a release to the answer of who is next, one after another.
//
// Owns their count and their times. Does not own the requests. The clients of a lock are all in one process, so both
// moments are read from one clock.

import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../figures.ts';
import type { Span } from './serve.ts';

export interface Told {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export class Handoffs {
  #releasedAt = Number.NaN;
  #times: number[] = [];

  released(): void {
    this.#releasedAt = performance.now();
  }

  granted(): void {
    const ms = performance.now() - this.#releasedAt;
    if (!Number.isNaN(ms)) this.#times.push(ms);
  }

  /** What comes next is not the end of a hand-off: nobody held it in between. */
  paused(): void {
    this.#releasedAt = Number.NaN;
  }

  async measure({ warmMs, measureMs }: Span): Promise<Told> {
    await delay(warmMs);
    this.#times = [];
    const began = performance.now();
    await delay(measureMs);
    const seconds = (performance.now() - began) / 1_000;
    const sorted = Float64Array.from(this.#times).toSorted();
    if (sorted.length === 0) throw new Error('the lock was not handed on');
    return { perSecond: sorted.length / seconds, medianMs: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), maxMs: sorted.at(-1)! };
  }
}
