// World: one simulated run: the service, its clients, the faults, and who watches.
//
// Owns what is drawn when: everything comes from the seed, so the same seed gives the same history.
//   W1. Faults stop at the end of a run. Then everything must drain: no wait unanswered, no lock held for ever.

import { Chance } from '../chance.ts';
import type { Call, Heard } from './call.ts';
import { Declared } from './checkers/declared.ts';
import { Deliveries } from './checkers/deliveries.ts';
import { Ends } from './checkers/ends.ts';
import { Holds } from './checkers/holds.ts';
import { Keys } from './checkers/keys.ts';
import { Line } from './checkers/line.ts';
import { ProtectedStore } from './checkers/protected.ts';
import { Tasks } from './checkers/tasks.ts';
import { Tokens } from './checkers/tokens.ts';
import { Client } from './client.ts';
import { Counts } from './coverage.ts';
import { checkDrained, checkForgotten } from './drained.ts';
import { Edge } from './edge.ts';
import { Exam } from './exam.ts';
import type { Exchange } from './exchange.ts';
import { flood } from './flood.ts';
import { Judge, type Violation } from './judge.ts';
import { LeaseWatch } from './lease-watch.ts';
import { Network } from './network.ts';
import { Process } from './process.ts';
import { drawProfile, logBetween, type Profile } from './profile.ts';
import { Store } from './store.ts';
import { Timeline } from './timeline.ts';

export interface RunResult {
  readonly seed: number;
  readonly hash: string;
  readonly operations: number;
  /** Simulated milliseconds that the service ran. */
  readonly serviceMs: number;
  readonly faults: number;
  readonly violation: Violation | undefined;
  readonly counts: Counts;
  readonly trace: readonly string[] | undefined;
}

export interface RunOptions {
  readonly trace?: boolean;
}

export async function simulate(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const world = new World(seed, options);
  await world.run();
  const { judge, counts, operations, serviceMs } = world;
  return {
    seed, operations, serviceMs, counts,
    hash: (judge.hash >>> 0).toString(16).padStart(8, '0'),
    faults: counts.sum('fault'),
    violation: judge.violation, trace: judge.trace,
  };
}

/** Long enough for every wait and lease that a run can leave behind. */
const DRAIN_MS = 180_000;
const DRAIN_TURN_MS = 600_000;
const DRAIN_TURNS_MAX = 200;
/** Longer than anything is kept. */
const DAY_MS = 25 * 3_600_000;
/** Items and setups, whose damage fails the items alone. */
const DAMAGEABLE = /\/(?:i\d+|setup)$/u;

export class World {
  readonly chance: Chance;
  readonly profile: Profile;
  readonly timeline = new Timeline();
  readonly counts = new Counts();
  readonly judge: Judge;
  readonly store: Store;
  readonly network: Network;
  readonly holds: Holds;
  readonly tokens: Tokens;
  readonly line: Line;
  readonly ends: Ends;
  readonly protected: ProtectedStore;
  readonly keys: Keys;
  readonly declared: Declared;
  readonly tasks: Tasks;
  readonly deliveries: Deliveries;
  readonly leaseWatch: LeaseWatch;
  readonly clients: Client[] = [];
  process: Process | undefined;
  /** Faults may happen. */
  faulty = true;
  wallOffset = 0;
  arrivals = 0;
  operations = 0;
  serviceMs = 0;
  #edge: Edge | undefined;

  constructor(seed: number, { trace = false }: RunOptions) {
    this.chance = new Chance(seed);
    this.profile = drawProfile(this.chance);
    this.judge = new Judge(this.counts, () => this.timeline.now, () => { this.timeline.ended = true; }, trace);
    const { complain } = this.judge;
    this.timeline.overran = () => complain('everything drains', 'the run does not come to an end');
    this.store = new Store(complain, this.profile.strict);
    this.network = new Network(this);
    this.holds = new Holds(complain);
    this.tokens = new Tokens(complain);
    this.line = new Line(complain);
    this.ends = new Ends(complain);
    this.protected = new ProtectedStore(complain);
    this.keys = new Keys(complain);
    this.declared = new Declared(complain);
    this.tasks = new Tasks(complain);
    this.deliveries = new Deliveries(complain);
    this.leaseWatch = new LeaseWatch(complain, () => this.timeline.now);
    this.store.applied = (commit) => this.leaseWatch.committed(commit);
  }

  async run(): Promise<void> {
    const { timeline, profile, chance } = this;
    this.#start();
    for (let n = 0; n < profile.clients; n++) this.clients.push(new Client(this, n));
    for (const client of this.clients) timeline.after(chance.next() * profile.thinkMs, () => client.next());
    this.#plan(profile.crashMs, () => this.process?.crash('crash'));
    this.#plan(profile.stallMs, () => this.#stall());
    this.#plan(profile.stopMs, () => this.process?.stop());
    this.#plan(profile.wallJumpMs, () => this.#jump());
    this.#plan(profile.damageMs, () => this.#damage());
    if (profile.floods) timeline.after(chance.next() * profile.faultsMs, () => this.#flood());
    await timeline.runUntil(profile.faultsMs);
    this.faulty = false;
    await this.#drain();
    if (profile.restsADay && !timeline.ended) await this.#rest();
    if (!timeline.ended) await new Exam(this).take();
    // It goes on over restarts.
    this.serviceMs = this.process!.engine.reading().now;
  }

  /** (W1) What receivers are owed may have to wait for the end of a long back-off. */
  async #drain(): Promise<void> {
    const { timeline } = this;
    await timeline.runUntil(timeline.now + DRAIN_MS);
    for (let turns = 0; turns < DRAIN_TURNS_MAX && !timeline.ended && this.#isOwing(); turns++) await timeline.runUntil(timeline.now + DRAIN_TURN_MS);
    if (!timeline.ended) checkDrained(this);
  }

  #isOwing(): boolean {
    const { process } = this;
    return process?.isOpen !== true || process.state.batchIndex.pendingDeliveries > 0;
  }

  /** What has ended is kept for its time, and then nothing of it is left. */
  async #rest(): Promise<void> {
    const { timeline } = this;
    await timeline.runUntil(timeline.now + DAY_MS);
    if (!timeline.ended) checkForgotten(this);
  }

  #damage(): void {
    const open = [...this.store.payloads].flatMap(([, of]) => [...of.keys()]).filter((id) => DAMAGEABLE.test(id));
    if (open.length === 0) return;
    this.fault('damaged payload');
    this.store.damage(this.chance.pick(open));
  }

  #flood(): void {
    const { process, timeline } = this;
    if (!this.faulty) return;
    if (process?.isOpen === true && process.stoppedUntil <= timeline.now && process.state.phase === 'serving' && process.state.registry !== undefined) flood(this, process);
    else timeline.after(100, () => this.#flood());
  }

  fault(kind: string): void {
    this.counts.add('fault', kind);
    this.judge.saw(7, kind.length);
    this.judge.note(() => `fault: ${kind}`);
  }

  /** A request arrives at the process that runs. */
  take(call: Call, process: Process): Exchange {
    if (this.judge.trace !== undefined) this.judge.note(() => `arrives: ${this.arrivals + 1} ${JSON.stringify(call.ask)}`);
    const exchange = this.#edge!.take(call, (sent) => {
      if (this.judge.trace !== undefined) this.judge.note(() => `writes: ${call.ask.kind} ${sent.status} ${typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body)}`);
      this.network.sent(sent, process);
    });
    process.exchanges.add(exchange);
    return exchange;
  }

  hears(call: Call, { status }: Heard): void {
    this.judge.saw(3, status, call.ask.kind.length);
  }

  opened(_process: Process): void {
    this.judge.saw(4, 0);
  }

  /** The process is gone: its connections are closed, and another one starts after a while. */
  died(exchanges: readonly Exchange[]): void {
    const { timeline, chance } = this;
    this.declared.crashed();
    for (const exchange of exchanges) {
      const { ask } = exchange.call;
      if (ask.kind === 'revoke') this.holds.revoked(ask.name);
      if (ask.kind === 'acquire') this.line.left(ask.lock, exchange.arrival);
      this.network.reset(exchange);
    }
    timeline.after(logBetween(chance, 1, 10_000), () => this.#start());
  }

  shuffled<Row>(rows: Row[]): Row[] {
    for (let i = rows.length - 1; i > 0; i--) {
      const j = this.chance.int(0, i);
      [rows[i], rows[j]] = [rows[j]!, rows[i]!];
    }
    return rows;
  }

  #start(): void {
    this.process = new Process(this);
    this.#edge = new Edge(this, this.process);
    this.process.start();
  }

  /** Something that happens again and again while there are faults. */
  #plan(meanMs: number, happen: () => void): void {
    if (meanMs === Infinity) return;
    this.timeline.after(-Math.log(1 - this.chance.next()) * meanMs, () => {
      if (!this.faulty) return;
      happen();
      this.#plan(meanMs, happen);
    });
  }

  #stall(): void {
    if (this.process?.alive !== true) return;
    this.fault('stall');
    this.process.stall(logBetween(this.chance, 50, 20_000));
  }

  #jump(): void {
    const by = logBetween(this.chance, 100, 40_000_000_000);
    const forth = this.chance.bool(0.5);
    this.fault(forth ? 'wall jump forth' : 'wall jump back');
    this.wallOffset += forth ? by : -by;
  }
}
