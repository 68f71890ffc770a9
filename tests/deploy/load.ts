// Load: what a busy day of a service looks like, all of it at once and small.
//
// Owns the clients: locks that are held and waited for, refusals, batches that succeed and fail, callbacks that arrive and
// that are given up, a worker that is lost. Goes on until it is told to stop, as rates need something that goes on.

import { freshName, type Service } from '../service/harness.ts';
import type { BatchBody, Lease } from '../service/contract.ts';
import type { HoldfastClient } from '../service/client.ts';
import type { Pending } from '../service/http.ts';
import { accept, answering, type Receiver } from '../service/receiver.ts';

/** Names that the load declares; others it takes without. */
export const DECLARED = ['orders/1', 'orders/2'] as const;
const PAUSE_MS = 50;
const LONG_MS = 240_000;
/** A batch waits for processors that other tests use, too. */
const BATCH_MS_MAX = 60_000;

export class Load {
  readonly #client: HoldfastClient;
  readonly #receiver: Receiver;
  readonly #waiting: Pending<Lease>[] = [];
  #stopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(service: Service, receiver: Receiver) {
    this.#client = service.client;
    this.#receiver = receiver;
  }

  /** Resolves when everything that there is only once has been asked for. */
  async start(): Promise<void> {
    for (const name of DECLARED) await this.#client.declare({ name });
    for (const lock of [...DECLARED, freshName('undeclared')]) {
      await this.#client.hold(lock, { ttlMs: LONG_MS });
      this.#waiting.push(this.#client.queue(lock, { waitMs: LONG_MS }));
    }
    await this.#client.enqueue({ function: 'misbehave', items: [{ do: 'throwError', value: 'nobody reads this' }] });
    this.#running = Promise.all([this.#again(() => this.#passOn()), this.#again(() => this.#runBatches()), this.#again(() => this.#loseWorker())]);
    // What goes wrong meanwhile is told when the load is stopped.
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#waiting.map((waiting) => waiting.hangUp()));
    await this.#running;
  }

  async #again(turn: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await turn();
      await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
    }
  }

  /** A lock goes from one client to the next, who waited for it, and a third is refused. */
  async #passOn(): Promise<void> {
    const lock = freshName('hot');
    const first = await this.#client.hold(lock);
    const next = await this.#client.ticket(lock);
    await this.#client.acquire(lock);
    await this.#client.release(first.id);
    await this.#client.lease(next.body.id, 5_000);
    await this.#client.release(next.body.id);
  }

  async #runBatches(): Promise<void> {
    const callback = { url: this.#receiver.at('/accepts', accept) };
    const errorCallback = { url: this.#receiver.at('/gone', answering(410)) };
    await this.#run({ function: 'echo', items: [1, 2, 3, 4], chunkSize: 1, callback, errorCallback });
    await this.#run({ function: 'misbehave', items: [{ do: 'throwError', value: 'x' }], callback, errorCallback });
  }

  async #loseWorker(): Promise<void> {
    await this.#run({ function: 'misbehave', items: [{ do: 'exit' }] });
  }

  async #run(batch: BatchBody): Promise<void> {
    const { id } = await this.#client.enqueue(batch);
    await this.#client.ended(id, BATCH_MS_MAX);
  }
}
