// Timeline: the one queue of everything that happens in a simulated run.
//
// Owns order: by time, then by the order in which it was planned. Nothing waits for a real clock.
//   T1. What the loop of a process planned for "soon" runs when nothing else is left at the same moment.
//   T2. Promises of the code under test settle between two events: as many turns of microtasks as `settle` asked for.
//   T3. What belongs to a process does not happen once that is dead, and waits while it is stopped.
//   T4. A run ends: after `EVENTS_MAX` events it is told that it does not.

/** Whose event it is: a process that may die or stand still. */
export interface Owner {
  readonly alive: boolean;
  /** Nothing of it happens before. */
  readonly stoppedUntil: number;
}

interface Planned {
  at: number;
  order: number;
  run: (() => void) | undefined;
  readonly owner: Owner | undefined;
}

/** Ten times what a run with a day of rest takes. */
const EVENTS_MAX = 20_000_000;

/** What waits for a commit runs in the turn after it. */
const TURNS = 1;

/** Awaited, it takes one turn of microtasks. */
const SETTLED = Promise.resolve();

/** What a turn of a process's loop takes: what asks again and again in each turn sees time go on. */
const TURN_OF_LOOP_MS = 0.02;

export class Timeline {
  now = 0;
  /** Set to leave the loop. */
  ended = false;
  /** Told once, when there were too many events. (T4) */
  overran: () => void = () => {};
  #events = 0;
  #order = 0;
  #turns = 0;
  readonly #heap: Planned[] = [];
  #soon: { readonly run: () => void; readonly owner: Owner | undefined }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Returns how to take it back. */
  at(time: number, run: () => void, owner?: Owner): () => void {
    const planned: Planned = { at: Math.max(time, this.now), order: this.#order++, run, owner };
    this.#push(planned);
    return () => { planned.run = undefined; };
  }

  after(delay: number, run: () => void, owner?: Owner): () => void {
    return this.at(this.now + delay, run, owner);
  }

  /** (T1) */
  soon(run: () => void, owner?: Owner): void {
    this.#soon.push({ run, owner });
  }

  /** Promises were settled, or will be before the next event. (T2) */
  settle(turns: number = TURNS): void {
    if (turns > this.#turns) this.#turns = turns;
  }

  /** Runs until `time`, or until it is told to end. */
  async runUntil(time: number): Promise<void> {
    while (!this.ended) {
      if (++this.#events === EVENTS_MAX) this.overran();
      const first = this.#heap[0];
      if (this.#soon.length > 0 && (first === undefined || first.at > this.now)) {
        const soon = this.#soon;
        this.#soon = [];
        for (const { run, owner } of soon) {
          if (this.#isHere(run, owner)) run();
          if (this.#turns > 0) await this.#takeTurns();
        }
        this.now = Math.min(this.now + TURN_OF_LOOP_MS, this.#heap[0]?.at ?? Infinity);
        continue;
      }
      if (first === undefined || first.at > time) break;
      this.#pop();
      if (first.run === undefined || !this.#isDue(first)) continue;
      this.now = first.at;
      first.run();
      if (this.#turns > 0) await this.#takeTurns();
    }
    if (!this.ended && this.now < time) this.now = time;
  }

  #isDue(planned: Planned): boolean {
    const { owner } = planned;
    if (owner === undefined) return true;
    if (!owner.alive) return false;
    if (owner.stoppedUntil <= planned.at) return true;
    planned.at = owner.stoppedUntil;
    this.#push(planned);
    return false;
  }

  #isHere(run: () => void, owner: Owner | undefined): boolean {
    if (owner === undefined) return true;
    if (owner.alive && owner.stoppedUntil > this.now) this.at(owner.stoppedUntil, run, owner);
    return owner.alive && owner.stoppedUntil <= this.now;
  }

  async #takeTurns(): Promise<void> {
    while (this.#turns > 0) {
      this.#turns--;
      await SETTLED;
    }
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let slot = heap.length;
    heap.push(planned);
    while (slot > 0) {
      const parent = (slot - 1) >>> 1;
      const above = heap[parent]!;
      if (!isBefore(planned, above)) break;
      heap[slot] = above;
      slot = parent;
    }
    heap[slot] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
