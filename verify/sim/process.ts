// Process: one life of the service, from its start on what was stored to its crash or orderly stop.
//
// Owns the ports of the real engine and how a life ends. The engine, the machine and what routes do with leases are the
// real code.
//   P1. Of a dead process nothing happens any more: no timer, no commit, no answer.
//   P2. A crash loses the commit in flight or keeps it, as chance says, and closes every connection.

import { crc32 } from 'node:zlib';
import type { Clock } from '../../src/clock.ts';
import { EngineLoop, type Answer, type Engine } from '../../src/engine.ts';
import { SHUTDOWN_GRACE_MS, SHUTDOWN_IDLE_MS, TURN_MS } from '../../src/limits.ts';
import { perform } from '../../src/perform.ts';
import { brokenInvariants } from '../../src/state/invariants.ts';
import type { Report } from '../../src/state/inputs.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';
import { State } from '../../src/state/state.ts';
import type { Exchange } from './exchange.ts';
import { Receivers } from './receivers.ts';
import { SLOW_ANSWER_MS } from './network.ts';
import { SimJournal, type Committing } from './store.ts';
import { Threads } from './threads.ts';
import type { Owner } from './timeline.ts';
import type { World } from './world.ts';

/** Promises that wait for one another when a process starts or closes. */
const TURNS_OF_CLOSING = 12;
const WALL = 1_800_000_000_000;
const STRICT_EVERY = 16;
const OPENING_MS_MAX = 20;
const LIVES_PER_LONG_ONE = 3;
const TOKENS_LEFT = 3;
/** Two slow commits, one after the other, and some more. */
const LAST_ANSWER_MS_MAX = 10_000;

export class Process implements Owner {
  alive = true;
  stoppedUntil = 0;
  /** Connections are accepted. */
  isOpen = false;
  readonly exchanges = new Set<Exchange>();
  /** Where the service's time went on. */
  readonly startedAt: number;
  readonly state: State;
  readonly engine: Engine;
  readonly threads: Threads;
  readonly receivers: Receivers;
  readonly #loop: EngineLoop;
  readonly #journal: SimJournal;
  readonly #world: World;
  readonly #reported: Report[] = [];
  #inputs = 0;
  /** In the service's time, of the latest input. */
  #arrivedAt = 0;
  #lookedAt = 0;
  #nextLook = 0;
  #leaseFloor = 0;
  #isStopping = false;

  constructor(world: World) {
    this.#world = world;
    this.startedAt = world.store.now;
    this.#journal = new SimJournal(world.store, (rows) => world.shuffled(rows), (committing) => this.#commit(committing));
    this.state = new State({ workers: world.profile.workers, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
    this.threads = new Threads(world, this);
    this.receivers = new Receivers(world, this);
    const ports = { journal: this.#journal, runner: this.threads, sender: this.receivers, report: (report: Report) => this.post(report) };
    this.#loop = new EngineLoop({
      state: this.state,
      journal: this.#journal,
      clock: this.#clock(),
      perform: (effect) => {
        if (!this.alive) return;
        world.counts.add('effect', effect.kind);
        if (world.judge.trace !== undefined) world.judge.note(() => `performs: ${JSON.stringify(effect)}`);
        world.leaseWatch.performs(effect, this.state);
        perform(ports, effect);
      },
      observer: { fact: () => {}, committed: () => {} },
      failed: (error) => this.#failed(error),
    });
    this.engine = this.#loop;
  }

  start(): void {
    void this.#starting();
  }

  payload(ref: PayloadRef): Uint8Array {
    return this.#journal.readPayload(ref);
  }

  /** What the world reports. */
  post(report: Report): void {
    if (!this.alive) return;
    this.#world.counts.add('input', report.kind);
    if (this.#world.judge.trace !== undefined) this.#world.judge.note(() => `reports: ${JSON.stringify(report)}`);
    this.#loop.post(report);
    this.#reported.push(report);
    this.#arrived();
  }

  submit(request: Parameters<Engine['submit']>[0], answer: Answer): number {
    this.#world.counts.add('input', request.kind);
    const number = this.#loop.submit(request, answer);
    this.#arrived();
    return number;
  }

  /** (P2) */
  crash(why: string): void {
    if (!this.alive) return;
    this.#world.judge.note(() => `crashes: ${why}`);
    const world = this.#world;
    world.fault(why);
    const { inFlight } = this.#journal;
    if (inFlight !== undefined && world.chance.bool(0.5)) world.store.apply(inFlight.commit);
    this.#die();
  }

  /** A pause of the whole process: nothing of it runs, and what arrives waits. */
  stall(ms: number): void {
    const before = Math.max(this.stoppedUntil, this.#world.timeline.now);
    this.stoppedUntil = Math.max(before, this.#world.timeline.now + ms);
    this.#world.leaseWatch.stalled(this.stoppedUntil - before);
  }

  /** As the service stops on a signal: serve what is held for the grace, put back what runs, commit, end. */
  stop(): void {
    if (this.#isStopping || !this.isOpen) return;
    const { timeline } = this.#world;
    // A signal comes when the process goes on.
    if (this.stoppedUntil > timeline.now) return void timeline.at(this.stoppedUntil, () => this.stop(), this);
    this.#isStopping = true;
    this.#world.fault('orderly stop');
    this.post({ kind: 'drain' });
    const began = this.engine.mono();
    this.#grace(began, began);
  }

  #open(): void {
    this.isOpen = true;
    if (this.#world.store.epoch % LIVES_PER_LONG_ONE === 0) this.#ageTokens();
    this.post({ kind: 'opened' });
    this.#world.opened(this);
  }

  /** As if so many grants had been made that the next block of tokens is due at any moment. */
  #ageTokens(): void {
    const { tokens } = this.state;
    tokens.next = Math.max(tokens.next, tokens.end - TOKENS_LEFT);
  }

  #grace(began: number, busyAt: number): void {
    this.#world.timeline.after(TURN_MS, () => {
      const mono = this.engine.mono();
      const busy = this.#isBusy() ? mono : busyAt;
      if (mono - began >= SHUTDOWN_GRACE_MS || mono - Math.max(busy, this.#loop.askedAt) >= SHUTDOWN_IDLE_MS) this.#end();
      else this.#grace(began, busy);
    }, this);
  }

  #isBusy(): boolean {
    if (this.state.leaseIndex.holders > 0) return true;
    for (const worker of this.state.workers.values()) if (worker.state === 'running' || worker.state === 'setup') return true;
    return false;
  }

  #end(): void {
    this.isOpen = false;
    this.post({ kind: 'stop' });
    void this.#ending();
  }

  async #starting(): Promise<void> {
    const { timeline, judge, chance } = this.#world;
    timeline.settle(TURNS_OF_CLOSING);
    this.#world.leaseWatch.started(this.engine.reading().now);
    try {
      await this.#loop.start();
      this.#leaseFloor = this.state.leaseFloor;
      if (this.alive) timeline.after(chance.next() * OPENING_MS_MAX, () => this.#open(), this);
    } catch (error) {
      judge.complain('the service starts', String(error));
    }
  }

  async #ending(): Promise<void> {
    this.#world.timeline.settle(TURNS_OF_CLOSING);
    await this.#loop.settled();
    if (!this.alive) return;
    this.threads.gone(true);
    this.receivers.gone();
    this.#close();
  }

  /** The port is closed when the last answer has left, then the journal. */
  #close(waitedMs = 0): void {
    const { timeline, judge } = this.#world;
    const unanswered = [...this.exchanges].find(({ wasSent }) => !wasSent);
    if (unanswered !== undefined && waitedMs < LAST_ANSWER_MS_MAX) {
      timeline.after(SLOW_ANSWER_MS, () => this.#close(waitedMs + SLOW_ANSWER_MS), this);
      return;
    }
    if (unanswered !== undefined) judge.complain('every request is answered', `a ${unanswered.call.ask.kind} was not answered before an orderly stop ended`);
    timeline.after(SLOW_ANSWER_MS, () => void this.#closing(), this);
  }

  async #closing(): Promise<void> {
    this.#world.timeline.settle(TURNS_OF_CLOSING);
    try {
      await this.#loop.close();
      if (this.alive) this.#die();
    } catch (error) {
      if (!(error instanceof InjectedFailure)) this.#world.judge.complain('the service stops', String(error));
      else if (this.alive) this.crash('failed commit');
    }
  }

  /** (P1) */
  #die(): void {
    this.alive = false;
    this.isOpen = false;
    this.threads.gone(false);
    const exchanges = [...this.exchanges];
    this.exchanges.clear();
    this.#world.died(exchanges);
  }

  #failed(error: unknown): void {
    if (!this.alive) return;
    if (error instanceof InjectedFailure) this.crash('failed commit');
    else this.#world.judge.complain('the machine does not throw', error instanceof Error ? String(error.stack) : String(error));
  }

  #clock(): Clock {
    const world = this.#world;
    const { timeline } = world;
    return {
      mono: () => timeline.now,
      wall: () => Math.floor(WALL + timeline.now + world.wallOffset),
      soon: (run) => {
        const turn = (): void => {
          run();
          this.#look();
        };
        if (this.#isStopping || !this.isOpen) {
          timeline.soon(() => {
            timeline.settle(TURNS_OF_CLOSING);
            turn();
          }, this);
        } else {
          timeline.soon(turn, this);
        }
      },
      after: (delayMs, run) => timeline.after(delayMs, () => {
        world.counts.add('input', 'tick');
        run();
      }, this),
    };
  }

  #commit(committing: Committing): void {
    const world = this.#world;
    const { chance, profile, timeline } = world;
    const [least, most] = profile.commitMs;
    const slow = world.faulty && chance.bool(profile.slowCommits);
    if (slow) world.fault('slow commit');
    const ms = slow ? chance.int(50, 3_000) : least + chance.next() * (most - least);
    if (world.faulty && chance.bool(profile.crashAtCommit)) return this.#crashAt(committing, ms);
    const fails = world.faulty && chance.bool(profile.failedCommits);
    timeline.after(ms, () => {
      timeline.settle(this.#isStopping || !this.isOpen ? TURNS_OF_CLOSING : undefined);
      if (fails) {
        // Nobody knows whether a commit that failed is on the disk: `crash` draws it.
        return committing.failed(new InjectedFailure('no space left'));
      }
      world.store.apply(committing.commit);
      committing.done();
    }, this);
  }

  #crashAt(committing: Committing, ms: number): void {
    const { chance, timeline, store } = this.#world;
    const when = chance.pick(['before', 'inside', 'after'] as const);
    timeline.after(when === 'before' ? 0 : when === 'inside' ? ms * chance.next() : ms, () => {
      if (when === 'after') {
        store.apply(committing.commit);
        this.#journal.inFlight = undefined;
      }
      if (when === 'before') this.#journal.inFlight = undefined;
      this.crash(`crash ${when} a commit`);
    }, this);
  }

  /** A gap that was cut is told to the machine by the engine itself. */
  #noteFloor(): void {
    const { leaseFloor } = this.state;
    if (leaseFloor === this.#leaseFloor) return;
    this.#leaseFloor = leaseFloor;
    this.#world.counts.add('input', 'resumed');
  }

  #arrived(): void {
    this.#inputs++;
    this.#arrivedAt = this.engine.reading().now;
    this.#world.leaseWatch.arrived(this.#arrivedAt);
  }

  /**
   * Where all that arrived was stepped, each checker looks at what became of it. The state's own list of what must hold is
   * gone through in some runs and now and then: it is linear in the state.
   */
  #look(): void {
    if (!this.alive || this.#loop.arrived > 0 || this.#inputs === this.#lookedAt) return;
    this.#lookedAt = this.#inputs;
    this.#world.leaseWatch.stepped(this, this.#reported.splice(0), this.#arrivedAt);
    this.#noteFloor();
    if (!this.#world.profile.strict || !this.isOpen || this.#inputs < this.#nextLook) return;
    const { leases, places, batches, listeners } = this.state;
    this.#nextLook = this.#inputs + STRICT_EVERY + leases.size + places.size + batches.size + listeners.size;
    const broken = brokenInvariants(this.state);
    if (broken.length > 0) this.#world.judge.complain('the state holds together', broken.join('; '));
  }
}

class InjectedFailure extends Error {
  override readonly name = 'InjectedFailure';
}
