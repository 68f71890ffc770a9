// Holdfast: the client of one service, and all that a program imports.
//
// Owns the names of the package.

import { Batch } from './batch.ts';
import { Calls } from './calls.ts';
import type { BatchPage, BatchState, FunctionInfo, LockPage, PageQuery } from './contract.ts';
import { Lease } from './lease.ts';
import { Lock } from './lock.ts';
import { Pool } from './pool.ts';
import { Transport, type Fetch } from './transport.ts';

export type { AcquireOptions } from './acquire.ts';
export type { Batch } from './batch.ts';
export type * from './contract.ts';
export { LeaseLostError, NotAcquiredError, Problem, RemoteTaskError, UnreachableError, type LossReason } from './errors.ts';
export type { Held, HeldLease } from './held-lease.ts';
export type { Lease } from './lease.ts';
export type { Lock } from './lock.ts';
export type { MapOptions, Pool, SubmitOptions } from './pool.ts';
export type { Fetch } from './transport.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_FOR_MS = 15_000;

export interface HoldfastOptions {
  /** Where the service is: `http://127.0.0.1:7420`. A path is kept: `https://example.org/holdfast`. */
  readonly url: string;
  /** One of the service's `HOLDFAST_TOKENS`. */
  readonly token?: string | undefined;
  /** Used in the place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** How long an answer may take that the service owes at once; 10,000 when absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a service that is away is tried again, restarts included; 15,000 when absent. */
  readonly retryForMs?: number | undefined;
}

export class Holdfast {
  /** Calls functions on the worker threads of the service, as Python's `Pool` does. */
  readonly pool: Pool;
  readonly #calls: Calls;

  constructor({ url, token, fetch, requestTimeoutMs = REQUEST_TIMEOUT_MS, retryForMs = RETRY_FOR_MS }: HoldfastOptions) {
    const send: Fetch = fetch ?? ((target, init) => globalThis.fetch(target, init));
    this.#calls = new Calls(new Transport(url, token, send, requestTimeoutMs), retryForMs);
    this.pool = new Pool(this.#calls);
  }

  /** A lock by its name: 1 to 256 of `A-Z a-z 0-9 . _ : / @ -`. It need not be declared. Asks nothing yet. */
  lock(name: string): Lock {
    return new Lock(this.#calls, name);
  }

  /** A lease by its id, which is a secret. Asks nothing yet. */
  lease(id: string): Lease {
    return new Lease(this.#calls, id);
  }

  /** A batch by its id. Asks nothing yet. */
  batch(id: string): Batch {
    return new Batch(this.#calls, id);
  }

  /** A page of the locks that are declared, held or waited for, in the order of their names. */
  listLocks(query: PageQuery & { readonly prefix?: string | undefined; readonly state?: 'unlocked' | 'locked' | undefined } = {}): Promise<LockPage> {
    return this.#calls.body({ method: 'GET', path: '/v1/locks', query: { ...query } });
  }

  /** Every function that tasks can call, in the order of their names. */
  async listFunctions(): Promise<readonly FunctionInfo[]> {
    const { functions } = await this.#calls.body<{ readonly functions: readonly FunctionInfo[] }>({ method: 'GET', path: '/v1/functions' });
    return functions;
  }

  /** A page of the batches, the newest first. */
  listBatches(query: PageQuery & { readonly state?: BatchState | undefined } = {}): Promise<BatchPage> {
    return this.#calls.body({ method: 'GET', path: '/v1/batches', query: { ...query } });
  }
}
