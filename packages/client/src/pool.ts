// Pool: functions of the service, called once for each item on its worker threads, as Python's `Pool` does.
//
// Owns submission. A lock is shared with tasks by passing `holdfast.lock(name)` anywhere in the items, in the
// initializer's arguments or in the globals.

import { Batch } from './batch.ts';
import type { Calls } from './calls.ts';
import type { BatchInfo, BatchOptions, Jsonable } from './contract.ts';

/** How a batch is to be submitted. */
export interface SubmitOptions extends BatchOptions {
  /** `starmap` spreads an item over the arguments; `map`, the default, passes it as the one argument. */
  readonly call?: 'map' | 'starmap' | undefined;
}

export interface MapOptions extends BatchOptions {
  /** Cancels the batch, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export class Pool {
  readonly #calls: Calls;

  /** Use `holdfast.pool`. */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Calls the function with each item, waits for all, and gives what it returned for each, in the order of the items.
   * Rejects with a `RemoteTaskError`, the first failure that arrived; the others are in `holdfast.batch(error.batch)`.
   * What the function returns is yours to know, and is not checked.
   */
  map<Value = unknown>(name: string, items: readonly Jsonable[], options: MapOptions = {}): Promise<Value[]> {
    return this.#run(name, 'map', items, options);
  }

  /** As `map`, an item being the list of the arguments of one call. */
  starmap<Value = unknown>(name: string, items: readonly (readonly Jsonable[])[], options: MapOptions = {}): Promise<Value[]> {
    return this.#run(name, 'starmap', items, options);
  }

  /** Submits as `map` does, and does not wait. */
  mapAsync(name: string, items: readonly Jsonable[], options: BatchOptions = {}): Promise<Batch> {
    return this.submit(name, items, { ...options, call: 'map' });
  }

  /** Submits as `starmap` does, and does not wait. */
  starmapAsync(name: string, items: readonly (readonly Jsonable[])[], options: BatchOptions = {}): Promise<Batch> {
    return this.submit(name, items, { ...options, call: 'starmap' });
  }

  /** Submits, once even if its answer is lost, and does not wait. */
  async submit(name: string, items: readonly Jsonable[], { call = 'map', ...options }: SubmitOptions = {}): Promise<Batch> {
    const { id } = await this.#calls.create<BatchInfo>({ method: 'POST', path: '/v1/batches', body: { function: name, call, items, ...options } });
    return new Batch(this.#calls, id);
  }

  async #run<Value>(name: string, call: 'map' | 'starmap', items: readonly Jsonable[], { signal, ...options }: MapOptions): Promise<Value[]> {
    signal?.throwIfAborted();
    const batch = await this.submit(name, items, { ...options, call });
    try {
      return await batch.get<Value>({ signal });
    } catch (error) {
      // The caller hears why it stopped, also where the batch could not be told.
      if (signal?.aborted === true) await batch.cancel().catch(() => undefined);
      throw error;
    }
  }
}
