// Store: what a lock protects, as the fencing tokens are meant to be used. It knows nothing of leases or of time.
//
//   F1. Whoever comes with a smaller token than somebody before is refused.
//   F2. A write counts one up from what its writer read; so a write between the two would be lost, and is missed in `value`.

export class Store {
  /** Accepted writes. */
  accepted = 0;
  value = 0;
  #newest = 0;

  /** The value, or `undefined` for a token that is too old. */
  read(token: number): number | undefined {
    if (token < this.#newest) return undefined;
    this.#newest = token;
    return this.value;
  }

  write(token: number, value: number): boolean {
    if (token < this.#newest) return false;
    this.#newest = token;
    this.value = value;
    this.accepted++;
    return true;
  }
}
