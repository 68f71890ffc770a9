// Lines: who holds a lock and who waits for it, and which of the held ones is held longest.
//
// Owns the shape of a line and the order in which lines got their holders. Does not own when that happens (indexes.ts).
//   H1. `add` and `remove` take constant time and no memory: the order runs through the lines themselves.

import type { Fifo } from './fifo.ts';

/** Who holds a lock and who waits for it. There is one while anybody does. */
export interface Line {
  holder: string | undefined;
  queue: Fifo | undefined;
  /** The lines that got their holders next before this one and next after it. (H1) */
  earlier: Line | undefined;
  later: Line | undefined;
}

export function emptyLine(): Line {
  return { holder: undefined, queue: undefined, earlier: undefined, later: undefined };
}

/** The lines that have a holder, in the order in which they got it. */
export class HeldLines {
  #first: Line | undefined;
  #last: Line | undefined;

  /** Appends a line that is not among them. */
  add(line: Line): void {
    line.earlier = this.#last;
    if (this.#last === undefined) this.#first = line;
    else this.#last.later = line;
    this.#last = line;
  }

  /** Takes out a line that is among them. */
  remove(line: Line): void {
    if (line.earlier === undefined) this.#first = line.later;
    else line.earlier.later = line.later;
    if (line.later === undefined) this.#last = line.earlier;
    else line.later.earlier = line.earlier;
    line.earlier = undefined;
    line.later = undefined;
  }

  /** Not to be used across a change. */
  *[Symbol.iterator](): Generator<Line> {
    for (let line = this.#first; line !== undefined; line = line.later) yield line;
  }
}
