// Chance: everything that the verification draws comes from a number, so that what failed can be run again.
//
// Owns the generator (mulberry32 over a mixed seed: 32 bits of state, one multiplication chain per draw). Nothing here
// is fit for secrets.

const STEP = 0x6d_2b_79_f5;
const RANGE = 2 ** 32;

export class Chance {
  #state: number;

  /** Any number; seeds that differ by little give sequences that have nothing in common. */
  constructor(seed: number) {
    this.#state = mixed((Math.trunc(seed) ^ Math.trunc(seed / RANGE)) >>> 0);
  }

  /** At least 0, below 1. */
  next(): number {
    return this.#word() / RANGE;
  }

  /** A whole number, `min` and `max` among them. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  bool(probability: number): boolean {
    return this.next() < probability;
  }

  /** Throws `RangeError` for a list without an element. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** A generator of its own: how much it draws later changes nothing here. */
  fork(): Chance {
    return new Chance(this.#word());
  }

  #word(): number {
    this.#state = (this.#state + STEP) >>> 0;
    return mixed(this.#state);
  }
}

function mixed(word: number): number {
  let mix = Math.imul(word ^ (word >>> 15), word | 1);
  mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61);
  return (mix ^ (mix >>> 14)) >>> 0;
}
