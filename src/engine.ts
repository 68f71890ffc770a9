// Engine: the only loop.
//
// Owns when things happen: it stamps each input with the time of its arrival, steps the machine, commits what changed
// in groups, and lets answers and effects go. Owns no rule.
//   E1. Durable before visible: an answer or effect leaves when its group, and every group before it, is flushed. Only
//       what a step marked as early rests on nothing unflushed and leaves at once.
//   E2. One commit is in flight; what arrives meanwhile is stepped and committed as the next group.
//   E3. Of a gap between two turns `STALL_MS` count; the machine is told that the rest was cut.
//   E4. The first commit that fails ends the service: memory is ahead of the disk and there is no way back.
//   E5. What arrives in one turn of the loop is stepped behind it, one after the other, each by the stamp of its arrival.
//       Only a release that somebody waits for need not wait for the turn, where no commit is in flight.

import type { Clock } from './clock.ts';
import type { Journal } from './journal/journal.ts';
import { STALL_MS, TURN_MS, UNANSWERED_MAX } from './limits.ts';
import { clockCommitMs, isAwaited, start, step } from './machine.ts';
import type { Effect } from './state/effects.ts';
import type { Fact } from './state/facts.ts';
import type { ClientRequest, Input, Report } from './state/inputs.ts';
import type { Reply } from './state/replies.ts';
import type { State } from './state/state.ts';
import type { Output } from './state/step.ts';

/** One reading of the clock, so that what is worked out from it agrees. */
export interface Reading {
  /** Milliseconds that the service ran. */
  readonly now: number;
  /** Wall time, milliseconds of the epoch. */
  readonly wall: number;
  /** Monotonic time in milliseconds with fractions, for spans. */
  readonly mono: number;
}

export type Unnumbered<Request> = Request extends unknown ? Omit<Request, 'request'> : never;

/** Called once, when everything that the reply rests on is flushed. Must not throw. */
export type Answer = (reply: Reply) => void;

/** What the engine tells the telemetry. */
export interface Observer {
  /** `sinceMs`: from the arrival of the input that brought it about to the moment in which it became visible. */
  fact(fact: Fact, sinceMs: number): void;
  committed(seconds: number, inputs: number): void;
}

export interface EngineParts {
  readonly state: State;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly perform: (effect: Effect) => void;
  readonly observer: Observer;
  /** A commit failed; nothing is acknowledged any more and the process has to end. */
  readonly failed: (error: unknown) => void;
}

/** Who asked; emptied when they are told. */
interface Asked {
  readonly request: number;
  give: Answer | undefined;
}

/** An input with the stamp of its arrival. */
interface Arrived extends Reading {
  readonly input: Input;
  readonly asked: Asked | undefined;
}

interface Group {
  inputs: number;
  readonly answers: { readonly asked: Asked; readonly reply: Reply }[];
  readonly effects: Effect[];
  readonly facts: { readonly fact: Fact; readonly at: number }[];
  /** Called when the group has left. */
  readonly left: (() => void)[];
}

/** Served even when too many answers wait: they free what others wait for. */
const NEVER_REFUSED: ReadonlySet<ClientRequest['kind']> = new Set(['renew', 'release']);

/** What routes and telemetry see of the engine. */
export interface Engine {
  /** To be read only, beside the loop: health and metrics. */
  readonly state: State;
  /** Returns the number to report a hang-up or a carried grant under; `answer` is never called before it has returned. */
  submit(request: Unnumbered<ClientRequest>, answer: Answer): number;
  post(report: Report): void;
  /** What was submitted last stands alone: if somebody waits for it, it is committed before the loop reads on. (E5) */
  hasten(): void;
  reading(): Reading;
  /** The same clock as a reading's `mono`, where a span is all that is wanted. */
  mono(): number;
}

export class EngineLoop implements Engine {
  readonly state: State;
  readonly #parts: EngineParts;
  /**
   * Those whom the step of their own question did not answer. Each is emptied when it is told: a map leaves its former
   * tables to the garbage collector linked one to the next, and by the oldest of them all would be kept until a full
   * collection, whole requests with them.
   */
  readonly #waiting = new Map<number, Asked>();
  #arrived: Arrived[] = [];
  #group: Group = emptyGroup();
  /** Groups that may leave and have not yet, in their order. (E1) */
  readonly #flushed: Group[] = [];
  /** Effects of groups that have left, until the loop comes to them. */
  readonly #leaving: Effect[] = [];
  /** Monotonic, of the latest request. */
  askedAt = -Infinity;
  #requests = 0;
  #unanswered = 0;
  #now: number;
  #mono: number;
  #committedNow: number;
  #committing = false;
  #turnAsked = false;
  #wake: { readonly at: number; readonly cancel: () => void } | undefined;
  #closed = false;
  #failed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.state = parts.state;
    this.#now = parts.journal.opened.now;
    this.#committedNow = this.#now;
    this.#mono = parts.clock.mono();
  }

  /** Takes in what the journal holds and commits what the start changed. Before it resolves nothing may be served. */
  async start(): Promise<void> {
    const { opened } = this.#parts.journal;
    this.#collect(start(this.state, Math.floor(this.#now), this.#parts.clock.wall(), opened.rows, opened.payloadOwners), this.#mono);
    this.#flush();
    await this.settled();
    this.#arm();
  }

  submit(request: Unnumbered<ClientRequest>, answer: Answer): number {
    const number = ++this.#requests;
    if (this.#unanswered + this.arrived >= UNANSWERED_MAX && !NEVER_REFUSED.has(request.kind)) {
      this.#parts.clock.soon(() => answer({ kind: 'refused', refusal: { code: 'overloaded' } }));
      return number;
    }
    this.#take({ ...request, request: number }, { request: number, give: answer });
    this.askedAt = this.#mono;
    return number;
  }

  post(report: Report): void {
    this.#take(report);
  }

  hasten(): void {
    const last = this.#arrived.at(-1);
    if (last === undefined || this.#committing || !isAwaited(this.state, last.input)) return;
    this.#stepArrived();
    this.#flush();
  }

  reading(): Reading {
    this.#advance();
    return { now: Math.floor(this.#now), wall: this.#parts.clock.wall(), mono: this.#mono };
  }

  mono(): number {
    return this.#parts.clock.mono();
  }

  /** How many inputs have arrived and were not stepped yet. */
  get arrived(): number {
    return this.#arrived.length;
  }

  /** Resolves when everything that has arrived so far is flushed and has left. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#group.left.push(resolve);
      this.#askTurn();
    });
  }

  /** Takes nothing in any more, and commits what there is and the time. Later inputs are lost, as with the process. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.cancel();
    do await this.settled(); while (!this.#isIdle());
    await this.#parts.journal.commit({ now: Math.floor(this.#now), rows: [], payloads: [], drops: [] });
  }

  #take(input: Input, asked?: Asked): void {
    if (this.#closed) return;
    this.#advance();
    this.#arrive(input, asked);
  }

  #arrive(input: Input, asked?: Asked): void {
    this.#arrived.push({ input, asked, now: Math.floor(this.#now), wall: this.#parts.clock.wall(), mono: this.#mono });
    this.#askTurn();
  }

  /** Time goes on; a gap is cut and the machine is told before anything that arrived behind it. (E3) */
  #advance(): void {
    const mono = this.#parts.clock.mono();
    const gap = mono - this.#mono;
    this.#mono = mono;
    this.#now += Math.min(gap, STALL_MS);
    if (gap > STALL_MS && !this.#closed) this.#arrive({ kind: 'resumed' });
  }

  /** Steps what has arrived. (E5) */
  #stepArrived(): void {
    if (this.#failed || this.#arrived.length === 0) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    try {
      for (const { input, asked, now, wall, mono } of arrived) {
        this.#group.inputs++;
        this.#collect(step(this.state, now, wall, input), mono, asked);
      }
    } catch (error) {
      // A rule that throws is a bug and leaves the state half changed: nothing of it may become visible.
      this.#fail(error);
    }
  }

  #collect({ answers, orders, facts }: Output, mono: number, asked?: Asked): void {
    this.#collectAnswers(answers, asked);
    for (const { effect, early } of orders) {
      if (early) this.#performEarly(effect);
      else this.#group.effects.push(effect);
    }
    for (const fact of facts) this.#group.facts.push({ fact, at: mono });
  }

  /** Nearly every question is answered in its own step; whose is not, waits until another step does it. */
  #collectAnswers(answers: Output['answers'], asked: Asked | undefined): void {
    let isAsking = asked !== undefined;
    for (const { request, reply } of answers) {
      const told = asked?.request === request ? asked : this.#waiting.get(request);
      if (told === undefined) continue;
      if (told === asked) isAsking = false;
      else this.#waiting.delete(request);
      this.#group.answers.push({ asked: told, reply });
      this.#unanswered++;
    }
    if (asked !== undefined && isAsking) this.#waiting.set(asked.request, asked);
  }

  /** At once, but not before what is flushed and on its way out: a worker hears of its locks in the order of the steps. (E1) */
  #performEarly(effect: Effect): void {
    const before = this.#flushed.at(-1)?.effects ?? this.#leaving;
    if (this.#flushed.length === 0 && before.length === 0) this.#parts.perform(effect);
    else before.push(effect);
  }

  /** The group is closed when the loop has taken in what has arrived: everything of one turn shares a commit. (E5) */
  #askTurn(): void {
    if (this.#turnAsked) return;
    this.#turnAsked = true;
    this.#parts.clock.soon(() => {
      this.#turnAsked = false;
      this.#stepArrived();
      if (!this.#committing) this.#flush();
    });
  }

  #flush(): void {
    if (this.#failed) return;
    const group = this.#group;
    this.#group = emptyGroup();
    if (this.state.changes.empty && !this.#isClockDue()) return this.#release(group);
    this.#committing = true;
    const began = this.#parts.clock.mono();
    const { tokens } = this.state;
    const tokensEnd = tokens.end;
    const now = Math.floor(this.#now);
    const flushed = (): void => {
      if (this.#failed) return;
      this.#committing = false;
      this.#committedNow = now;
      tokens.flushedEnd = tokensEnd;
      this.state.changes.flushed();
      this.#parts.observer.committed((this.#parts.clock.mono() - began) / 1_000, group.inputs);
      this.#releaseFlushed();
      this.#flushed.push(group);
      this.#stepArrived();
      if (this.#failed) return;
      // The next commit is on its way before the answers of this one are written: the disk works meanwhile. (E2)
      if (this.state.changes.empty) this.#releaseFlushed();
      else this.#parts.clock.soon(() => this.#releaseFlushed());
      if (!this.#committing && (!isEmpty(this.#group) || !this.state.changes.empty)) this.#flush();
    };
    this.#parts.journal.commit({ now, ...this.state.changes.take() }).then(flushed, (error: unknown) => this.#fail(error));
  }

  #releaseFlushed(): void {
    for (let group = this.#flushed.shift(); group !== undefined; group = this.#flushed.shift()) this.#release(group);
  }

  #release(group: Group): void {
    this.#unanswered -= group.answers.length;
    for (const { asked, reply } of group.answers) {
      const { give } = asked;
      asked.give = undefined;
      give?.(reply);
    }
    // Behind the answers, so that a task which ends the process cannot take the answer to its own submission with it.
    this.#leave(group.effects);
    const mono = this.#parts.clock.mono();
    for (const { fact, at } of group.facts) this.#parts.observer.fact(fact, mono - at);
    for (const left of group.left) left();
    if (this.#isIdle()) this.#arm();
  }

  #leave(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    const leaving = this.#leaving;
    if (leaving.length === 0) {
      this.#parts.clock.soon(() => {
        // What is performed may be answered at once, and that may have effects of its own: they come behind.
        for (let i = 0; i < leaving.length; i++) this.#parts.perform(leaving[i]!);
        leaving.length = 0;
      });
    }
    for (const effect of effects) leaving.push(effect);
  }

  /** Nothing is answered or stored any more. (E4) */
  #fail(error: unknown): void {
    this.#failed = true;
    this.#closed = true;
    this.#parts.failed(error);
  }

  #isIdle(): boolean {
    return this.#flushed.length === 0 && !this.#committing && !this.#turnAsked && isEmpty(this.#group) && this.state.changes.empty;
  }

  #isClockDue(): boolean {
    return this.#now - this.#committedNow >= clockCommitMs(this.state);
  }

  /** The loop turns by itself when something comes due, and every `TURN_MS` at the latest. */
  #arm(): void {
    if (this.#closed) return;
    const next = this.state.deadlines.next();
    const delay = Math.max(1, Math.min(TURN_MS, next === undefined ? TURN_MS : Math.ceil(next + 1 - this.#now)));
    const at = this.#mono + delay;
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.cancel();
    this.#wake = { at, cancel: this.#parts.clock.after(delay, () => this.#tick()) };
  }

  /** What waits in the sockets is read before anything is declared due: the tick goes behind it. */
  #tick(): void {
    this.#wake = undefined;
    this.#parts.clock.soon(() => {
      this.post({ kind: 'tick' });
      this.#arm();
    });
  }
}

function emptyGroup(): Group {
  return { inputs: 0, answers: [], effects: [], facts: [], left: [] };
}

function isEmpty(group: Group): boolean {
  return group.answers.length === 0 && group.effects.length === 0 && group.facts.length === 0 && group.left.length === 0;
}
