// Calls: requests that are sent until they are answered.
//
// Owns for how long they are tried again. Does not own what they ask.

import { isPassing, persistently, type Persistence } from './retry.ts';
import { moment } from './moment.ts';
import type { Request, Transport } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly mayRetry?: Persistence['mayRetry'];
}

export class Calls {
  readonly transport: Transport;
  readonly retryForMs: number;

  constructor(transport: Transport, retryForMs: number) {
    this.transport = transport;
    this.retryForMs = retryForMs;
  }

  /** The body of the answer. The service is sought for `retryForMs` from the first failure on, however long it was to wait. */
  async body<Body>(request: Request, { signal, mayRetry = isPassing }: CallOptions = {}): Promise<Body> {
    const persistence = { since: moment(), forMs: this.retryForMs + (request.waitMs ?? 0), signal, mayRetry };
    return (await persistently(() => this.transport.send<Body>(request, signal), persistence)).body;
  }

  /** The same for a request that makes something: its key sees to it that it is made once. */
  create<Body>(request: Request, options: CallOptions = {}): Promise<Body> {
    return this.body({ ...request, headers: { ...request.headers, 'idempotency-key': crypto.randomUUID() } }, options);
  }
}
