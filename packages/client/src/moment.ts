// Moment: how much time has passed here, at the least favourable reading of two clocks.
//
// Owns the reading. A monotonic clock may stand still while the machine sleeps, and the wall clock may be set back; of
// what the two say has passed the larger counts, so that a lease is given up early rather than late.

export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function moment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Milliseconds since then. */
export function sinceMs(then: Moment): number {
  return Math.max(performance.now() - then.monotonicMs, Date.now() - then.wallMs);
}
