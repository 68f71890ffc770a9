// Profile: what one seed is like. Each switches some kinds of fault on and others off, at rates of its own, so that rare
// combinations come up that an average of everything would never show.

import type { Chance } from '../chance.ts';

export interface Profile {
  /** Simulated milliseconds with faults; then everything has to drain. */
  readonly faultsMs: number;
  readonly clients: number;
  readonly locks: number;
  readonly workers: number;
  /** Mean milliseconds between two things that a client does. */
  readonly thinkMs: number;
  readonly ttlMs: readonly [number, number];
  readonly waitMs: readonly [number, number];
  /** One way of a message. */
  readonly wayMs: readonly [number, number];
  readonly commitMs: readonly [number, number];
  // Shares of what clients do.
  readonly waits: number;
  readonly keys: number;
  readonly tickets: number;
  readonly admin: number;
  readonly batches: number;
  readonly renews: number;
  readonly dies: number;
  readonly rude: number;
  readonly hangUps: number;
  // Shares of messages and commits.
  readonly lost: number;
  readonly overtaken: number;
  readonly doubled: number;
  readonly lostAnswers: number;
  readonly slowAnswers: number;
  readonly slowCommits: number;
  readonly failedCommits: number;
  readonly crashAtCommit: number;
  // Mean milliseconds between two of a kind; Infinity where there are none.
  readonly crashMs: number;
  readonly stallMs: number;
  readonly wallJumpMs: number;
  readonly stopMs: number;
  // What tasks and receivers do, as shares.
  readonly badTasks: number;
  readonly taskLocks: number;
  readonly badReceivers: number;
  /** Mean milliseconds between two payloads that are lost on the disk. */
  readonly damageMs: number;
  readonly floods: boolean;
  /** A day without requests follows, after which nothing that has ended is kept. */
  readonly restsADay: boolean;
  /** Rows are encoded at every commit, and the state's own invariants looked at after every so many events. */
  readonly strict: boolean;
}

export function drawProfile(chance: Chance): Profile {
  const on = (share: number, least: number, most: number): number => (chance.bool(share) ? logBetween(chance, least, most) : 0);
  const clients = chance.int(2, 24);
  const thinkMs = logBetween(chance, 20, 4_000);
  /** Between two, so many operations on average, and so much time at least. */
  const every = (share: number, least: number, most: number, leastMs: number): number => (chance.bool(share) ? Math.max(leastMs, (logBetween(chance, least, most) * thinkMs) / clients) : Infinity);
  const ttlLeast = logBetween(chance, 100, 3_000);
  const wayLeast = logBetween(chance, 0.05, 2);
  const faultsMs = Math.min(1_800_000, Math.max(20_000, (thinkMs * chance.int(2_000, 10_000)) / clients + 20_000));
  return {
    faultsMs, clients, thinkMs,
    locks: chance.int(1, 8),
    workers: chance.int(1, 4),
    ttlMs: [Math.floor(ttlLeast), Math.floor(ttlLeast * chance.int(1, 10))],
    waitMs: [1, Math.floor(logBetween(chance, 50, 20_000))],
    wayMs: [wayLeast, wayLeast * chance.int(1, 20)],
    commitMs: [0.2, logBetween(chance, 0.4, 20)],
    waits: chance.pick([0.3, 0.7, 0.95]),
    keys: chance.pick([0, 0.3, 0.8]),
    tickets: chance.pick([0, 0.1, 0.5]),
    admin: chance.pick([0, 0.05, 0.3]),
    batches: chance.pick([0, 0, 0.05, 0.3]),
    renews: chance.pick([0, 0.3, 0.7]),
    dies: on(0.6, 0.01, 0.3),
    rude: on(0.6, 0.01, 0.3),
    hangUps: on(0.6, 0.01, 0.5),
    lost: on(0.5, 0.001, 0.1),
    overtaken: on(0.5, 0.001, 0.05),
    doubled: on(0.5, 0.001, 0.1),
    lostAnswers: on(0.5, 0.001, 0.1),
    slowAnswers: on(0.5, 0.001, 0.3),
    slowCommits: on(0.5, 0.001, 0.1),
    failedCommits: on(0.3, 0.0001, 0.003),
    crashAtCommit: on(0.4, 0.0001, 0.002),
    crashMs: every(0.5, 300, 5_000, 3_000),
    stallMs: every(0.5, 200, 4_000, 5_000),
    wallJumpMs: every(0.4, 100, 3_000, 1_000),
    stopMs: every(0.3, 500, 5_000, 20_000),
    badTasks: on(0.6, 0.01, 0.4),
    taskLocks: chance.pick([0, 0.5, 1]),
    badReceivers: on(0.6, 0.05, 0.9),
    damageMs: every(0.1, 200, 3_000, 3_000),
    floods: chance.bool(0.03),
    restsADay: chance.bool(0.006),
    strict: chance.bool(0.15),
  };
}

export function logBetween(chance: Chance, least: number, most: number): number {
  return least * (most / least) ** chance.next();
}
