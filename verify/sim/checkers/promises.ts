// Promises: a lease lasts as long as answers have said, over starts and stalls too. (P2, P10)
//
// Owns until when each lease was promised, in the service's own time: the latest answer that called it held, and the
// floors that a start (min(ttlMs, 10 s)) and a stall (`STALL_MS`) put under it.
//   R1. What was asked before that time finds no lease that has expired.
//   R2. Of a stall `STALL_MS` count at the most, and of everything else no more than has passed.

import { START_GRACE_MS, STALL_MS } from '../../../src/limits.ts';
import type { Complain } from '../judge.ts';

/** The service counts in whole milliseconds: what ends within so many of the last commit may have ended in it. */
const ROUNDED_MS = 2;

interface Promised {
  /** As the latest answer said. */
  told: number;
  /** The same, with the floors of the present process: they are not stored, and time may begin again before them. */
  until: number;
  ttlMs: number;
  /** Of a stall that the process has not woken from: one that dies before has put no floor. */
  stallFloor: number;
  /** When a request arrived that may have shortened it: answers to earlier ones promise nothing any more. */
  shortenedAt: number;
}

export class Promises {
  readonly #complain: Complain;
  readonly #promised = new Map<string, Promised>();
  /** The service's time and the real one, when the latest input arrived. */
  #now = 0;
  #real = 0;
  /** Real time that does not count since then. */
  #uncounted = 0;
  /** The process has stood still, and nothing was stepped since. */
  #isAsleep = false;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** An answer to a request that arrived at `askedAt` (real time) says for how long the lease lasts. */
  said(lease: string, until: number, ttlMs: number, askedAt: number): void {
    const shortenedAt = this.#promised.get(lease)?.shortenedAt ?? -Infinity;
    if (askedAt >= shortenedAt) this.#promised.set(lease, { told: until, until, ttlMs, stallFloor: -Infinity, shortenedAt });
  }

  /** A renewal with a time of its own arrived at `askedAt` (real time): it may be stored though nobody is told. */
  shortens(lease: string, until: number, ttlMs: number, askedAt: number): void {
    const promised = this.#promised.get(lease);
    if (promised === undefined) return;
    promised.until = Math.min(promised.until, until);
    promised.told = Math.min(promised.told, until);
    promised.ttlMs = Math.min(promised.ttlMs, ttlMs);
    promised.shortenedAt = askedAt;
  }

  /** Until when a request that arrives now may count on the lease. */
  until(lease: string): number {
    const promised = this.#promised.get(lease);
    return promised === undefined ? -Infinity : Math.max(promised.until, promised.stallFloor);
  }

  /** An answer says that the lease has expired, to a request that had arrived at `askedAt` and found it promised `until`. (R1) */
  expired(lease: string, askedAt: number, until: number): void {
    if (askedAt < until) this.#complain('leases last as promised', `${lease} had expired for a request that came ${(until - askedAt).toFixed(0)} ms before its end`);
  }

  /** A process has started: time goes on from here, whatever became of the one before. */
  started(now: number, real: number): void {
    this.#at(now, real);
    this.#isAsleep = false;
  }

  /** A process has opened its port, after a start at `startedAt`. */
  opened(startedAt: number, now: number): void {
    for (const promised of this.#promised.values()) {
      promised.stallFloor = -Infinity;
      if (promised.until > startedAt + ROUNDED_MS) promised.until = Math.max(promised.told, now + Math.min(promised.ttlMs, START_GRACE_MS));
      else promised.until = -Infinity;
    }
  }

  /** The process stands still from now on. */
  stalled(ms: number, real: number): void {
    if (ms <= STALL_MS) return;
    this.#uncounted += ms - STALL_MS;
    this.#isAsleep = true;
    // It is not known to the millisecond how far the service's time was: what is promised is what holds in any case.
    const latest = this.#now + (real - this.#real);
    for (const promised of this.#promised.values()) {
      if (promised.until > latest) promised.stallFloor = this.#now + 2 * STALL_MS;
    }
  }

  /** An input arrived, whenever it is stepped. (R2) */
  arrived(now: number, real: number): void {
    const most = real - this.#real - this.#uncounted;
    if (now - this.#now > most + 1) this.#complain('time', `${(now - this.#now).toFixed(0)} ms went by for the service in ${most.toFixed(0)} ms that count`);
    this.#at(now, real);
  }

  /** The process has stepped something, after a stall for the first time: the floors stand. */
  look(): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    for (const promised of this.#promised.values()) {
      promised.until = Math.max(promised.until, promised.stallFloor);
      promised.stallFloor = -Infinity;
    }
  }

  #at(now: number, real: number): void {
    this.#now = now;
    this.#real = real;
    this.#uncounted = 0;
  }
}
