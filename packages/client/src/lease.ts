// Lease: a lease that is known by its id alone, for those who renew and release by themselves.

import type { Calls } from './calls.ts';
import type { LeaseInfo } from './contract.ts';

export class Lease {
  readonly #calls: Calls;
  readonly #path: string;

  /** Use `holdfast.lease(id)`. */
  constructor(calls: Calls, id: string) {
    this.#calls = calls;
    this.#path = `/v1/leases/${encodeURIComponent(id)}`;
  }

  /** As it is now; one that waits is answered when it no longer does, or after `waitMs` (to 240,000). */
  show({ waitMs }: { readonly waitMs?: number | undefined } = {}): Promise<LeaseInfo> {
    return this.#calls.body({ method: 'GET', path: this.#path, query: { waitMs }, ...(waitMs === undefined ? {} : { waitMs }) });
  }

  /** From now it lasts `ttlMs` again, or as long as before. One that is over is the problem `lease_lost`. */
  renew({ ttlMs }: { readonly ttlMs?: number | undefined } = {}): Promise<LeaseInfo> {
    return this.#calls.body({ method: 'POST', path: `${this.#path}/renew`, body: { ttlMs } });
  }

  /** Frees the lock for who is next, or leaves the line; twice is like once. */
  async release(): Promise<void> {
    await this.#calls.body({ method: 'DELETE', path: this.#path });
  }
}
