// Judge: the checkers on a thread of their own, so that the clients of another history are not held up meanwhile.
//
// Owns the thread, both sides of it. Does not own what is checked (check.ts).

import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { History } from './calls.ts';
import { check, type Findings } from './check.ts';

interface Case {
  readonly history: History;
  readonly newest: number;
}

/** Judges one history at a time. */
export class Judge implements AsyncDisposable {
  readonly #thread = new Worker(new URL(import.meta.url));

  /** As `check`. Rejects when a checker throws; the judge is of no use then. */
  async check(history: History, newest: number): Promise<Findings> {
    const given: Case = { history, newest };
    this.#thread.postMessage(given, []);
    const [findings]: Findings[] = await once(this.#thread, 'message');
    if (findings === undefined) throw new Error('the judge said nothing');
    return findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  port.on('message', ({ history, newest }: Case) => { port.postMessage(check(history, newest)); });
}
