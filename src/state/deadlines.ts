// Deadlines: one heap of everything that comes due.
//
// Owns the order of what is due. Does not own why: a table's rows say when they are due (state.ts), the machine says
// what then happens.
//   D1. Whoever may come due has one deadline and keeps it: nothing is looked up to move or clear it. Equal times come
//       due in the order in which they were set.
//   D2. A deadline is due when time has gone past it, not at it: a lease lives through its last millisecond.

export type DeadlineKind = 'lease' | 'attendance' | 'listener' | 'forget' | 'key' | 'batch' | 'delivery' | 'worker' | 'restart';

const NOT_SET = -1;

/** When one thing comes due. Only the heap changes it. */
export class Deadline {
  readonly kind: DeadlineKind;
  readonly id: string;
  /** Means nothing while it is not set; a whole number, so that V8 makes no object of it. */
  dueAt = 0;
  order = 0;
  /** Where it stands in the heap. */
  slot = NOT_SET;

  constructor(kind: DeadlineKind, id: string) {
    this.kind = kind;
    this.id = id;
  }
}

export class Deadlines {
  readonly #heap: Deadline[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Sets, moves or (with `undefined`) clears a deadline. */
  set(deadline: Deadline, dueAt: number | undefined): void {
    if (dueAt === undefined) return this.#remove(deadline);
    if (deadline.slot === NOT_SET) deadline.slot = this.#heap.push(deadline) - 1;
    else if (deadline.dueAt === dueAt) return;
    deadline.dueAt = dueAt;
    deadline.order = this.#order++;
    this.#up(deadline);
    this.#down(deadline);
  }

  /** The earliest deadline, if `now` is past it. (D2) */
  past(now: number): Deadline | undefined {
    const first = this.#heap[0];
    return first !== undefined && first.dueAt < now ? first : undefined;
  }

  /** The earliest deadline, due or not. */
  next(): number | undefined {
    return this.#heap[0]?.dueAt;
  }

  #remove(deadline: Deadline): void {
    const { slot } = deadline;
    if (slot === NOT_SET) return;
    deadline.slot = NOT_SET;
    const last = this.#heap.pop()!;
    if (last === deadline) return;
    this.#place(last, slot);
    this.#up(last);
    this.#down(last);
  }

  #up(deadline: Deadline): void {
    let slot = deadline.slot;
    while (slot > 0) {
      const parent = this.#heap[(slot - 1) >>> 1]!;
      if (!before(deadline, parent)) break;
      this.#place(parent, slot);
      slot = (slot - 1) >>> 1;
    }
    this.#place(deadline, slot);
  }

  #down(deadline: Deadline): void {
    let slot = deadline.slot;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!before(this.#heap[child]!, deadline)) break;
      this.#place(this.#heap[child]!, slot);
      slot = child;
    }
    this.#place(deadline, slot);
  }

  #place(deadline: Deadline, slot: number): void {
    this.#heap[slot] = deadline;
    deadline.slot = slot;
  }
}

function before(a: Deadline, b: Deadline): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
