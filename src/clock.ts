// Clock: the port through which time comes in.
//
// Owns nothing but the readings; what counts as time that the service ran is the engine's (E3).

import { performance } from 'node:perf_hooks';

export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  mono(): number;
  /** Wall time, whole milliseconds of the epoch. */
  wall(): number;
  /** Runs when the loop has taken in what has arrived by now. */
  soon(run: () => void): void;
  /** Runs `run` once, `delayMs` from now; returns how to prevent it. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  soon: (run) => { setImmediate(run); },
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
