// Fifo: a queue of ids in order of arrival, from whose middle ids may leave.
//
// Owns the order. A `Map` would do but for its cost: draining one from the front is quadratic in V8, because each new
// iterator walks over the holes left behind. Here holes are skipped once and cut out when they are the half.
//   F1. `add`, `remove` and `first` take constant time, amortised.

const COMPACT_MIN = 64;

export class Fifo {
  #slots: (string | undefined)[] = [];
  #head = 0;
  readonly #slotOf = new Map<string, number>();

  get size(): number {
    return this.#slotOf.size;
  }

  has(id: string): boolean {
    return this.#slotOf.has(id);
  }

  /** Appends an id that is not in the queue. */
  add(id: string): void {
    this.#slotOf.set(id, this.#slots.length);
    this.#slots.push(id);
  }

  remove(id: string): void {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return;
    this.#slotOf.delete(id);
    this.#slots[slot] = undefined;
    while (this.#head < this.#slots.length && this.#slots[this.#head] === undefined) this.#head++;
    if (this.#slots.length > COMPACT_MIN && this.#slots.length > 2 * this.size) this.#compact();
  }

  first(): string | undefined {
    return this.#slots[this.#head];
  }

  /** How many ids stand before this one, and one: 1 is next. 0 for an id that is not here. Linear in the queue. */
  position(id: string): number {
    const slot = this.#slotOf.get(id);
    if (slot === undefined) return 0;
    let position = 1;
    for (let i = this.#head; i < slot; i++) if (this.#slots[i] !== undefined) position++;
    return position;
  }

  *[Symbol.iterator](): Generator<string> {
    for (let i = this.#head; i < this.#slots.length; i++) {
      const id = this.#slots[i];
      if (id !== undefined) yield id;
    }
  }

  #compact(): void {
    const kept = [...this];
    this.#slots = kept;
    this.#head = 0;
    for (let i = 0; i < kept.length; i++) this.#slotOf.set(kept[i]!, i);
  }
}
