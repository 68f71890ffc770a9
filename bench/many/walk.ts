// Load: clients that acquire and release one declared lock after another, each client those of its own.
//
// `walk.ts <address> <connections> <first> <end>`: client n takes lock `first + n`, then the one `connections` further
// on, and begins again at the end. Asked for a span it tells the pairs per second.

import { acquire, Release } from '../load/requests.ts';
import { perSecond } from '../load/rate.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';
import { lockName } from './names.ts';

const [address = '', ...numbers] = process.argv.slice(2);
const [connections = 0, first = 0, end = 0] = numbers.map(Number);

class Client {
  pairs = 0;
  readonly wire: Wire;
  readonly #first: number;
  readonly #acquire: Buffer;
  readonly #nameAt: number;
  readonly #release: Release;
  #lock: number;
  #stopped: (() => void) | undefined;

  constructor(url: URL, lock: number) {
    this.#first = lock;
    this.#lock = lock;
    this.#acquire = acquire(url, lockName(lock));
    this.#nameAt = this.#acquire.indexOf(lockName(lock));
    this.#release = new Release(url);
    this.wire = new Wire(url, (answer) => this.#answered(answer));
  }

  begin(): void {
    this.#acquire.write(lockName(this.#lock), this.#nameAt, 'latin1');
    this.#lock += connections;
    if (this.#lock >= end) this.#lock = this.#first;
    this.wire.send(this.#acquire);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => { this.#stopped = resolve; });
  }

  #answered(answer: Answer): void {
    if (answer.status === 201) return this.wire.send(this.#release.of(answer));
    if (answer.status !== 204) unexpected(answer);
    this.pairs++;
    const stopped = this.#stopped;
    if (stopped === undefined) return this.begin();
    this.#stopped = undefined;
    return stopped();
  }
}

const clients = Array.from({ length: connections }, (_, number) => new Client(new URL(address), first + number));
await Promise.all(clients.map((client) => client.wire.connected));

await serve(async (span: Span) => {
  for (const client of clients) client.begin();
  const found = await perSecond(() => clients.reduce((sum, client) => sum + client.pairs, 0), span);
  await Promise.all(clients.map((client) => client.stop()));
  return { perSecond: found };
});
