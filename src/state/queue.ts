// Queue: items that leave in the order in which they came, and no other way.
//
// Owns nothing that Fifo does not, but keeps no map: who never leaves from the middle need not be found there.
//   Q1. `add`, `shift` and `first` take constant time, amortised.
//   Q2. Who has left is not kept.

const COMPACT_MIN = 1_024;

export class Queue<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  first(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    const first = this.#items[this.#head];
    if (first === undefined) return undefined;
    // The places of those who left are cut off together, and later. (Q2)
    this.#items[this.#head++] = undefined;
    if (this.#head >= COMPACT_MIN && this.#head > this.size) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }
}
