// Deadlines: one heap of everything that comes due.
//
// Owns the order of what is due. Does not own why: a table's rows say when they are due (state.ts), the machine says
// what then happens.
//   D1. Each (kind, id) has at most one deadline. Equal times come due in the order in which they were set.
//   D2. A deadline is due when time has gone past it, not at it: a lease lives through its last millisecond.

export interface Deadline<Kind extends string> {
  readonly kind: Kind;
  readonly id: string;
  readonly dueAt: number;
}

interface Entry<Kind extends string> {
  readonly kind: Kind;
  readonly id: string;
  dueAt: number;
  order: number;
  slot: number;
}

export class Deadlines<Kind extends string> {
  readonly #heap: Entry<Kind>[] = [];
  readonly #entries = new Map<Kind, Map<string, Entry<Kind>>>();
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Sets, moves or (with `undefined`) clears the deadline of one row. */
  set(kind: Kind, id: string, dueAt: number | undefined): void {
    let ofKind = this.#entries.get(kind);
    if (ofKind === undefined) this.#entries.set(kind, (ofKind = new Map()));
    const entry = ofKind.get(id);
    if (dueAt === undefined) {
      if (entry !== undefined) this.#remove(ofKind, entry);
    } else if (entry === undefined) {
      const added = { kind, id, dueAt, order: this.#order++, slot: this.#heap.length };
      ofKind.set(id, added);
      this.#heap.push(added);
      this.#up(added);
    } else if (entry.dueAt !== dueAt) {
      entry.dueAt = dueAt;
      entry.order = this.#order++;
      this.#up(entry);
      this.#down(entry);
    }
  }

  /** The earliest deadline, if `now` is past it. (D2) */
  past(now: number): Deadline<Kind> | undefined {
    const first = this.#heap[0];
    return first !== undefined && first.dueAt < now ? first : undefined;
  }

  /** The earliest deadline, due or not. */
  next(): number | undefined {
    return this.#heap[0]?.dueAt;
  }

  #remove(ofKind: Map<string, Entry<Kind>>, entry: Entry<Kind>): void {
    ofKind.delete(entry.id);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#place(last, entry.slot);
    this.#up(last);
    this.#down(last);
  }

  #up(entry: Entry<Kind>): void {
    let slot = entry.slot;
    while (slot > 0) {
      const parent = this.#heap[(slot - 1) >>> 1]!;
      if (!before(entry, parent)) break;
      this.#place(parent, slot);
      slot = (slot - 1) >>> 1;
    }
    this.#place(entry, slot);
  }

  #down(entry: Entry<Kind>): void {
    let slot = entry.slot;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!before(this.#heap[child]!, entry)) break;
      this.#place(this.#heap[child]!, slot);
      slot = child;
    }
    this.#place(entry, slot);
  }

  #place(entry: Entry<Kind>, slot: number): void {
    this.#heap[slot] = entry;
    entry.slot = slot;
  }
}

function before(a: Entry<string>, b: Entry<string>): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
