// Linear: a search for an order of a lock's calls in which a lock that serves one after another would have given the
// same answers (after Wing and Gong). It takes nothing from tokens but whose they are: not that they rise.
//
// Owns the search. Does not own what a call says (steps.ts).
//   S1. A step happens at one moment between its call and its return; moments do not go back.
//   S2. A holder's time is up at no moment before its last promise; a lease of which nobody heard has none.
//   S3. The search is over when it has found an order, has shown that there is none, or has looked at `STATES_MAX` states.

import type { Call, Fault } from './calls.ts';
import { NOBODY, stepsOf, type Step, type Steps } from './steps.ts';

export type Verdict = 'linear' | 'not linear' | 'undecided';

const STATES_MAX = 200_000;

/** What the lock is like at a moment. */
interface Moment {
  readonly holder: number;
  /** When the holder's time may be up, at the earliest. (S2) */
  readonly until: number;
  readonly time: number;
  /** Grants of which nobody was told, in the order in which they were over. */
  readonly over: readonly number[];
}

export function searchOrder(calls: readonly Call[], faults: readonly Fault[]): Verdict {
  return new Search(stepsOf(calls, faults)).verdict();
}

class Search {
  readonly #all: Steps;
  readonly #steps: readonly Step[];
  readonly #done: Uint8Array;
  readonly #seen = new Map<string, number>();
  #states = 0;

  constructor(all: Steps) {
    this.#all = all;
    this.#steps = all.steps;
    this.#done = new Uint8Array(all.steps.length);
  }

  verdict(): Verdict {
    if (this.#from(0, { holder: NOBODY, until: -Infinity, time: -Infinity, over: [] })) return 'linear';
    return this.#states >= STATES_MAX ? 'undecided' : 'not linear';
  }

  /** Whether what is not done yet can follow; all before `first` is done. */
  #from(first: number, moment: Moment): boolean {
    let at = first;
    while (this.#done[at] === 1) at++;
    if (at === this.#steps.length) return true;
    if (this.#wasHere(at, moment)) return false;
    const { candidates, deadline } = this.#candidates(at);
    for (const nth of candidates) {
      const next = this.#after(moment, nth);
      if (next === undefined || next.time > deadline) continue;
      this.#done[nth] = 1;
      if (this.#from(at, next)) return true;
      this.#done[nth] = 0;
    }
    return false;
  }

  /** A state that was reached before, no later, has been tried. (S3) */
  #wasHere(at: number, { holder, until, time, over }: Moment): boolean {
    this.#states++;
    if (this.#states >= STATES_MAX) return true;
    const ahead: number[] = [];
    for (let nth = at; nth < this.#done.length; nth++) if (this.#done[nth] === 1) ahead.push(nth);
    const key = `${at}:${ahead.join()}:${holder}:${until}:${over.join()}`;
    if ((this.#seen.get(key) ?? Infinity) <= time) return true;
    this.#seen.set(key, time);
    return false;
  }

  /** The steps that nothing undone has to precede, those first that must be over first. (S1) */
  #candidates(at: number): { readonly candidates: readonly number[]; readonly deadline: number } {
    const open: number[] = [];
    let deadline = Infinity;
    for (let nth = at; nth < this.#steps.length; nth++) {
      const step = this.#steps[nth]!;
      if (step.from > deadline) break;
      if (this.#done[nth] === 1) continue;
      open.push(nth);
      deadline = Math.min(deadline, step.to);
    }
    const candidates = open.filter((nth) => this.#steps[nth]!.from <= deadline).toSorted((a, b) => this.#steps[a]!.to - this.#steps[b]!.to);
    return { candidates, deadline };
  }

  /** What the lock is like after a step, or `undefined` where the step cannot happen. */
  #after(moment: Moment, nth: number): Moment | undefined {
    const step = this.#steps[nth]!;
    const now = { ...moment, time: Math.max(moment.time, step.from) };
    switch (step.kind) {
      case 'granted': return { ...this.#vacated(now), holder: step.claim, until: step.until };
      case 'held': return this.#held(now, step);
      case 'free': return this.#vacated(now);
      case 'over': return this.#over(now, step);
      case 'released': return this.#released(now, step);
      case 'waits': return this.#waits(now, step);
      default: throw new Error(`not a step: ${String(step satisfies never)}`);
    }
  }

  #held(now: Moment, step: Extract<Step, { kind: 'held' }>): Moment | undefined {
    if (now.holder === step.holder) return { ...now, until: step.renewed ? step.until : Math.max(now.until, step.until) };
    if (step.holder > NOBODY || now.over.includes(step.holder) || !this.#isLostGrantLeft(now, step.to)) return undefined;
    return { ...this.#vacated(now), holder: step.holder, until: -Infinity };
  }

  #over(now: Moment, step: Extract<Step, { kind: 'over' }>): Moment | undefined {
    if (now.holder === step.claim) return this.#vacated(now);
    return this.#wasGranted(step.claim) ? now : undefined;
  }

  #released(now: Moment, step: Extract<Step, { kind: 'released' }>): Moment | undefined {
    if (now.holder === step.claim) return { ...now, holder: NOBODY, until: -Infinity };
    return this.#wasGranted(step.claim) && step.again ? now : undefined;
  }

  /** Somebody waits only while somebody else holds. */
  #waits(now: Moment, step: Extract<Step, { kind: 'waits' }>): Moment | undefined {
    if (now.holder === step.claim || this.#wasGranted(step.claim)) return undefined;
    return now.holder !== NOBODY || this.#isLostGrantLeft(now, step.to, step.claim) ? now : undefined;
  }

  #wasGranted(claim: number): boolean {
    const nth = this.#all.grants.get(claim);
    return nth !== undefined && this.#done[nth] === 1;
  }

  /** Whether there is an acquire without an answer that no grant of this order stands for yet. */
  #isLostGrantLeft({ holder, over }: Moment, to: number, except = NOBODY): boolean {
    const used = over.length + (holder < NOBODY ? 1 : 0);
    return this.#all.lost.filter(({ claim, from }) => from <= to && claim !== except).length > used;
  }

  /** The lock without its holder, at the earliest moment at which that can be. (S2) */
  #vacated(now: Moment): Moment {
    const { holder, until, time, over } = now;
    if (holder === NOBODY) return now;
    const end = holder < NOBODY ? -Infinity : Math.min(until, this.#all.cutAt.get(holder) ?? Infinity);
    return { holder: NOBODY, until: -Infinity, time: Math.max(time, end), over: holder < NOBODY ? [...over, holder] : over };
  }
}
