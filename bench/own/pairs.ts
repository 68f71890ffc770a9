// Load: clients that acquire and release, each its own lock on its own connection, as fast as they are answered.
//
// `pairs.ts <address> <connections>`; asked for a span it tells the pairs per second. Between two questions no lock is held.

import { acquire, Release } from '../load/requests.ts';
import { perSecond } from '../load/rate.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';

class Client {
  pairs = 0;
  readonly wire: Wire;
  readonly #acquire: Buffer;
  readonly #release: Release;
  #stopped: (() => void) | undefined;

  constructor(address: URL, lock: string) {
    this.#acquire = acquire(address, lock);
    this.#release = new Release(address);
    this.wire = new Wire(address, (answer) => this.#answered(answer));
  }

  begin(): void {
    this.wire.send(this.#acquire);
  }

  /** Resolves when it holds nothing. */
  stop(): Promise<void> {
    return new Promise((resolve) => { this.#stopped = resolve; });
  }

  #answered(answer: Answer): void {
    if (answer.status === 201) return this.wire.send(this.#release.of(answer));
    if (answer.status !== 204) unexpected(answer);
    this.pairs++;
    const stopped = this.#stopped;
    if (stopped === undefined) return this.wire.send(this.#acquire);
    this.#stopped = undefined;
    stopped();
  }
}

const [address = '', connections = ''] = process.argv.slice(2);
const clients = Array.from({ length: Number(connections) }, (_, number) => new Client(new URL(address), `bench-${number}`));
await Promise.all(clients.map((client) => client.wire.connected));

await serve(async (span: Span) => {
  for (const client of clients) client.begin();
  const found = await perSecond(() => clients.reduce((sum, client) => sum + client.pairs, 0), span);
  await Promise.all(clients.map((client) => client.stop()));
  return { perSecond: found };
});
