// Ordered: a set of strings in code-unit order, for listings that go on from a cursor without sorting.
//
// Owns the order of one index. Blocks of bounded length keep an insertion to one binary search and one short copy.
//   O1. No block is empty and none is longer than `BLOCK_MAX`; blocks and what is in them rise strictly.
//   O2. Changes are put aside until somebody asks for the order, or `ASIDE_MAX` of them wait: a name that comes and goes
//       a thousand times between two listings is never searched for.
//   O3. What is added before anything else is asked is sorted at once, however much it is: a start takes in a million.

const BLOCK_MAX = 512;
/** There is room in a new block for as much again. */
const BLOCK_FILLED = BLOCK_MAX / 2;
const ASIDE_MAX = 1_024;

export class Ordered {
  readonly #blocks: string[][] = [];
  #size = 0;
  /** Keys that are to be there, or not, whatever the blocks say. */
  readonly #aside = new Map<string, boolean>();
  /** Added so far, while nothing else was asked. (O3) */
  #unsorted: string[] | undefined = [];

  get size(): number {
    this.settle();
    return this.#size;
  }

  add(key: string): void {
    if (this.#unsorted === undefined) this.#putAside(key, true);
    else this.#unsorted.push(key);
  }

  delete(key: string): void {
    this.#sort();
    this.#putAside(key, false);
  }

  first(): string | undefined {
    this.settle();
    return this.#blocks[0]?.[0];
  }

  /** All keys from `key` on, that one included, in order. Not to be used across a change. */
  *from(key: string): Generator<string> {
    this.settle();
    for (let b = this.#blockFor(key); b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      for (let i = lowerBound(block, key); i < block.length; i++) yield block[i]!;
    }
  }

  #putAside(key: string, isThere: boolean): void {
    this.#aside.set(key, isThere);
    if (this.#aside.size > ASIDE_MAX) this.settle();
  }

  /** Puts in order what was put aside. (O2) */
  settle(): void {
    this.#sort();
    if (this.#aside.size === 0) return;
    for (const [key, isThere] of this.#aside) {
      if (isThere) this.#insert(key);
      else this.#remove(key);
    }
    this.#aside.clear();
  }

  /** (O3) */
  #sort(): void {
    if (this.#unsorted === undefined) return;
    const keys = this.#unsorted.toSorted().filter((key, at, sorted) => key !== sorted[at - 1]);
    this.#unsorted = undefined;
    for (let start = 0; start < keys.length; start += BLOCK_FILLED) this.#blocks.push(keys.slice(start, start + BLOCK_FILLED));
    this.#size = keys.length;
  }

  #insert(key: string): void {
    const block = this.#blocks[this.#blockFor(key)];
    if (block === undefined) {
      this.#blocks.push([key]);
      this.#size++;
      return;
    }
    const at = lowerBound(block, key);
    if (block[at] === key) return;
    block.splice(at, 0, key);
    this.#size++;
    if (block.length > BLOCK_MAX) this.#split(block);
  }

  #remove(key: string): void {
    const index = this.#blockFor(key);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const at = lowerBound(block, key);
    if (block[at] !== key) return;
    block.splice(at, 1);
    this.#size--;
    if (block.length === 0) this.#blocks.splice(index, 1);
  }

  /** The last block whose first key is not above `key`; the first block for a key below all. */
  #blockFor(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]![0]! <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }

  #split(block: string[]): void {
    const upper = block.splice(block.length >>> 1);
    this.#blocks.splice(this.#blockFor(upper[0]!) + 1, 0, upper);
  }
}

function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
