// Ordered: a set of strings in code-unit order, for listings that go on from a cursor without sorting.
//
// Owns the order of one index. Blocks of bounded length keep an insertion to one binary search and one short copy.
//   O1. No block is empty and none is longer than `BLOCK_MAX`; blocks and what is in them rise strictly.

const BLOCK_MAX = 512;

export class Ordered {
  readonly #blocks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const block = this.#blocks[this.#blockFor(key)];
    return block !== undefined && block[lowerBound(block, key)] === key;
  }

  add(key: string): void {
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

  delete(key: string): void {
    const index = this.#blockFor(key);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const at = lowerBound(block, key);
    if (block[at] !== key) return;
    block.splice(at, 1);
    this.#size--;
    if (block.length === 0) this.#blocks.splice(index, 1);
  }

  first(): string | undefined {
    return this.#blocks[0]?.[0];
  }

  /** All keys from `key` on, that one included, in order. Not to be used across a change. */
  *from(key: string): Generator<string> {
    for (let b = this.#blockFor(key); b < this.#blocks.length; b++) {
      const block = this.#blocks[b]!;
      for (let i = lowerBound(block, key); i < block.length; i++) yield block[i]!;
    }
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
