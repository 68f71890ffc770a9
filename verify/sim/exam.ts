// Exam: what the service has to do when the faults are over, whatever it went through. (P6, P7, P9)
//
//   X1. Each lock is free, and is granted at once.
//   X2. When its holder is not heard of any more, the first in line is granted within the holder's ttlMs + 250 ms, and
//       the next when that one releases.
//   X3. What is held when the process dies is held after the start, and every batch has ended as it had before, with an
//       outcome for each of its items.

import { PAGE_MAX, STALL_MS } from '../../src/limits.ts';
import type { LeaseBody } from '../../src/routes/lease-schemas.ts';
import type { Ask, Heard } from './call.ts';
import type { World } from './world.ts';

const BATCHES_READ_MAX = 50;
const TTL_MS = 1_000;
const WAIT_MS = 20_000;
/** By then the next process has opened its port. */
const RESTARTED_MS = 15_000;
const LONG_TTL_MS = 60_000;
/** Messages and commits on the way from one grant to the next; simulated ones take no longer without faults. */
const ON_THE_WAY_MS = 200;

export class Exam {
  readonly #world: World;
  #passed = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async take(): Promise<void> {
    const { timeline, profile, judge } = this.#world;
    for (let n = 1; n <= profile.locks; n++) this.#lock(`lock-${n}`);
    await timeline.runUntil(timeline.now + WAIT_MS);
    this.#world.process!.crash('crash');
    timeline.after(RESTARTED_MS, () => this.#readBatches());
    await timeline.runUntil(timeline.now + WAIT_MS);
    if (judge.violation === undefined && this.#passed !== profile.locks) judge.complain('everything drains', `of ${profile.locks} locks ${this.#passed} passed the exam at the end`);
  }

  /** (X1, X2) */
  #lock(lock: string): void {
    const began = this.#world.timeline.now;
    this.#acquire(lock, 0, TTL_MS, () => this.#wait(lock, began));
  }

  #wait(lock: string, began: number): void {
    const { timeline, judge } = this.#world;
    this.#acquire(lock, WAIT_MS, TTL_MS, (lease) => {
      const ms = timeline.now - began;
      if (ms > TTL_MS + STALL_MS + ON_THE_WAY_MS) judge.complain('a dead holder is followed in time', `lock ${lock} passed on ${ms.toFixed(0)} ms after it was granted for ${TTL_MS} ms`);
      this.#world.holds.letGo(lease.fencingToken!);
      this.#send({ kind: 'release', lease: lease.id }, () => {});
    });
    timeline.after(ON_THE_WAY_MS, () => this.#waitBehind(lock, began));
  }

  #waitBehind(lock: string, began: number): void {
    const { timeline, judge } = this.#world;
    this.#acquire(lock, WAIT_MS, LONG_TTL_MS, (lease) => {
      const ms = timeline.now - began;
      if (ms > TTL_MS + STALL_MS + 2 * ON_THE_WAY_MS) judge.complain('no lost wake-up', `lock ${lock} was released and passed on ${ms.toFixed(0)} ms after its first grant`);
      timeline.at(began + WAIT_MS + RESTARTED_MS, () => this.#renew(lease));
    });
  }

  /** (X3) */
  #renew(lease: LeaseBody): void {
    this.#send({ kind: 'renew', lease: lease.id, ttlMs: TTL_MS }, ({ status, code }) => {
      if (status === 200) this.#passed++;
      else this.#world.judge.complain('what was acknowledged is kept', `a lease that was held when the process died was answered ${status} ${code} after the start`);
    });
  }

  /** (X3) What the answers show goes to the checkers like any other. */
  #readBatches(): void {
    const { tasks, profile } = this.#world;
    if (profile.restsADay) return;
    for (const batch of tasks.known().slice(-BATCHES_READ_MAX)) {
      this.#send({ kind: 'readBatch', batch, waitMs: 0 }, () => {
        this.#send({ kind: 'readResults', batch, limit: PAGE_MAX }, () => tasks.mustBeDone(batch));
      });
    }
  }

  #acquire(lock: string, waitMs: number, ttlMs: number, granted: (lease: LeaseBody) => void): void {
    const { timeline, holds, judge } = this.#world;
    const sentAt = timeline.now;
    this.#send({ kind: 'acquire', lock, waitMs, ttlMs, ticket: false, owner: 'exam' }, ({ lease, code }) => {
      if (lease?.state !== 'held') return judge.complain('everything drains', `lock ${lock} was refused with ${code} when all was over`);
      holds.received(lock, lease.fencingToken!, timeline.now, sentAt + lease.elapsedMs + lease.expiresInMs!);
      granted(lease);
    });
  }

  #send(ask: Ask, heard: (heard: Heard) => void): void {
    this.#world.network.send(ask, heard);
  }
}
