// Names: which names were told, for a question that is seldom asked.
//
// Owns the putting off: every change of a lease tells its lock, every claim its chunk, and few ask.
//   N1. Telling costs a place in a list. Who asks pays for the set, once for each name.

export class Names {
  readonly #told: string[] = [];
  readonly #known = new Set<string>();
  #read = 0;

  add(name: string): void {
    this.#told.push(name);
  }

  has(name: string): boolean {
    for (; this.#read < this.#told.length; this.#read++) this.#known.add(this.#told[this.#read]!);
    return this.#known.has(name);
  }
}
