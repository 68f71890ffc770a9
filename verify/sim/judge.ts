// Judge: the first violation of a run, and the hash of all that was seen in it.

import type { Counts } from './coverage.ts';

/** How a checker says that a property does not hold. Only the first is kept: what follows may follow from it. */
export type Complain = (property: string, what: string) => void;

export interface Violation {
  readonly property: string;
  readonly what: string;
  readonly at: number;
}

export class Judge {
  violation: Violation | undefined;
  hash = 0x81_1c_9d_c5;
  readonly counts: Counts;
  readonly #now: () => number;
  readonly #ended: () => void;
  /** The latest events in words; kept only when a run is repeated to be read. */
  readonly trace: string[] | undefined;

  constructor(counts: Counts, now: () => number, ended: () => void, trace: boolean) {
    this.counts = counts;
    this.#now = now;
    this.#ended = ended;
    this.trace = trace ? [] : undefined;
  }

  readonly complain: Complain = (property, what) => {
    if (this.violation !== undefined) return;
    this.violation = { property, what, at: this.#now() };
    this.#ended();
  };

  /** Takes an event into the hash of the history. */
  saw(kind: number, a: number, b = 0): void {
    let { hash } = this;
    hash = Math.imul(hash ^ kind, 0x01_00_01_93);
    hash = Math.imul(hash ^ (a | 0), 0x01_00_01_93);
    hash = Math.imul(hash ^ (b | 0), 0x01_00_01_93);
    this.hash = hash ^ (hash >>> 15);
  }

  note(words: () => string): void {
    this.trace?.push(`${this.#now().toFixed(2).padStart(12)}  ${words()}`);
  }
}
