// Histories: many clients against the real process while it is killed, paused and cut off, and what they saw before
// all checkers; and how soon a lock whose holder was killed is held again.
//
// Owns how much of it there is and the figures. One history is in history.ts, the checkers are in check.ts.
//   B1. A history below `RATE_MIN` calls a second shows too little and is not counted, though it is checked.
//   B2. A data directory serves some histories and is then left for a fresh one: no ended lease may be forgotten while
//       clients still come with it.
//   B3. Two services at a time, each with histories of its own: while one starts, the other has the clients.

import { Chance } from '../chance.ts';
import type { Budget, Figure, Part } from '../part.ts';
import type { History } from './calls.ts';
import { explain, type Findings } from './check.ts';
import { Coverage } from './coverage.ts';
import { draw } from './faults.ts';
import { killHolder } from './handover.ts';
import { runHistory } from './history.ts';
import { Judge } from './judge.ts';
import { ServiceProcess } from './process.ts';
import { Proxy } from './proxy.ts';

const RATE_MIN = 500;
const LANES = 2;
const CLIENTS = 260;
const LOCKS = 120;
const GAP_MS = 250;
const HISTORIES_PER_DIRECTORY = 12;
const KILLED_HOLDERS = 3;
const LOCKS_PER_HOLDER = 100;
/** Of so small a part of a whole run not everything can be expected. */
const COVERED_PART = 1 / 3;
/** Reached, it ends. Of twelve minutes; a shorter run has to reach its part of them. */
const TARGETS = { histories: 60, operations: 300_000, faults: 150, lateMs: 250 };

class Tally {
  histories = 0;
  slow = 0;
  operations = 0;
  answered = 0;
  faults = 0;
  locks = 0;
  undecided = 0;
  violations = 0;
  broken = 0;
  readonly coverage = new Coverage();
  readonly lateMs: number[] = [];

  readonly #whole: number;

  constructor(whole: number) {
    this.#whole = whole;
  }

  get isEnough(): boolean {
    const { histories, operations, faults } = TARGETS;
    return this.histories >= histories * this.#whole && this.operations >= operations * this.#whole && this.faults >= faults * this.#whole;
  }

  add(history: History, findings: Findings, rate: number): void {
    const { calls, faults } = history;
    this.coverage.add(history);
    this.violations += findings.violations.length;
    if (rate < RATE_MIN) return void this.slow++;
    this.histories++;
    this.operations += calls.length;
    this.answered += calls.filter(({ answer }) => answer !== undefined).length;
    this.faults += faults.length;
    this.locks += findings.locks;
    this.undecided += findings.undecided;
    this.lateMs.push(...findings.lateMs);
  }
}

export const histories: Part = {
  name: 'histories',
  share: 14,
  missing: () => undefined,
  async run({ seconds, seed, whole }: Budget, say): Promise<readonly Figure[]> {
    const until = performance.now() + seconds * 1_000;
    const chance = new Chance(seed);
    const handovers = await handoversOf(chance.fork(), say);
    const tally = new Tally(whole);
    const lanes = Array.from({ length: LANES }, () => lane(chance.fork(), tally, until, say));
    for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason;
    return figures(tally, handovers, whole);
  },
};

async function handoversOf(chance: Chance, say: (progress: string) => void): Promise<number[]> {
  await using service = await ServiceProcess.start();
  const lateMs: number[] = [];
  for (let round = 0; round < KILLED_HOLDERS; round++) {
    lateMs.push(...await killHolder(service.port, { name: `handover-${round}`, locks: LOCKS_PER_HOLDER }, chance));
  }
  say(`${lateMs.length} locks of killed holders were granted again, at most ${Math.max(...lateMs).toFixed(0)} ms after their TTL`);
  return lateMs;
}

/** Histories one after another, on one service after another. (B3) */
async function lane(chance: Chance, tally: Tally, until: number, say: (progress: string) => void): Promise<void> {
  await using judge = new Judge();
  while (performance.now() < until && !tally.isEnough) await oneDirectory(chance, judge, tally, until, say);
}

/** Some histories on one data directory, one after another. (B2) */
async function oneDirectory(chance: Chance, judge: Judge, tally: Tally, until: number, say: (progress: string) => void): Promise<void> {
  await using service = await ServiceProcess.start();
  await using proxy = await Proxy.listen(() => service.port);
  let newest = 0;
  for (let nth = 0; nth < HISTORIES_PER_DIRECTORY && performance.now() < until && !tally.isEnough; nth++) {
    const seed = chance.int(0, 2 ** 31);
    const plan = draw(new Chance(seed));
    const history = await runHistory(service, proxy, { name: `h${nth}`, clients: CLIENTS, slots: LOCKS, plan, gapMs: GAP_MS }, new Chance(seed));
    const findings = await judge.check(history, newest);
    newest = findings.newest;
    const rate = history.calls.length / ((history.to - history.from) / 1_000);
    tally.add(history, findings, rate);
    say(`${history.calls.length} calls, ${rate.toFixed(0)} a second, ${plan.join(', ')}: ${findings.violations.length} violations (seed ${seed})`);
    report(history, findings, say);
    if (service.fallen) throw new Error(`the service ended by itself:\n${service.output.slice(-4_000)}`);
  }
  tally.broken += proxy.broken;
}

/** The violations, and all that happened to the lock of the first one. */
function report(history: History, { violations }: Findings, say: (progress: string) => void): void {
  for (const { property, lock, what } of violations.slice(0, 10)) say(`${property} ${lock}: ${what}`);
  const [first] = violations;
  if (first !== undefined) say(`${first.lock}:\n${explain(history, first.lock)}`);
}

function figures(tally: Tally, handovers: readonly number[], whole: number): Figure[] {
  const late = percentile(handovers, 0.99);
  const { missing, expected } = tally.coverage;
  return [
    atLeast('histories', tally.histories, TARGETS.histories * whole),
    atLeast('operations', tally.operations, TARGETS.operations * whole),
    atLeast('faults', tally.faults, TARGETS.faults * whole),
    { what: 'violations', reached: String(tally.violations), asked: '0', ok: tally.violations === 0 },
    { what: 'kinds of answers and faults that occurred', reached: `${expected - missing.length} of ${expected}${missing.length > 0 ? `, not ${missing.join(', ')}` : ''}`, ok: missing.length === 0 || whole < COVERED_PART },
    { what: 'calls without an answer', reached: String(tally.operations - tally.answered), ok: true },
    { what: 'connections cut or reset', reached: String(tally.broken), ok: true },
    { what: 'histories too slow to count', reached: String(tally.slow), ok: true },
    { what: 'locks searched for an order of their calls', reached: String(tally.locks), ok: true },
    { what: 'searches without a result', reached: String(tally.undecided), asked: '0', ok: tally.undecided === 0 },
    { what: 'lock free → next grant, 99th percentile', reached: `${percentile(tally.lateMs, 0.99).toFixed(0)} ms`, ok: true },
    { what: 'killed holder → next grant, 99th percentile', reached: `TTL + ${late.toFixed(0)} ms`, asked: `TTL + ${TARGETS.lateMs} ms`, ok: late <= TARGETS.lateMs },
  ];
}

function atLeast(what: string, reached: number, least: number): Figure {
  const asked = Math.floor(least);
  return { what, reached: reached.toLocaleString('en'), asked: `at least ${asked.toLocaleString('en')}`, ok: reached >= asked };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}
