// Load: clients that renew leases, one after another, each client those of its own, as fast as they are answered.
//
// `renew.ts <address> <connections> <leases>`; asked for a span it tells the renewals per second. It begins anew at the end.

import { TTL_MS_MAX } from '../../src/limits.ts';
import { perSecond } from '../load/rate.ts';
import { post } from '../load/requests.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';
import { leaseId } from './names.ts';

const [address = '', ...numbers] = process.argv.slice(2);
const [connections = 0, leases = 0] = numbers.map(Number);

class Client {
  renewals = 0;
  readonly wire: Wire;
  readonly #first: number;
  readonly #renew: Buffer;
  readonly #idAt: number;
  #lease: number;
  #stopped: (() => void) | undefined;

  constructor(url: URL, lease: number) {
    this.#first = lease;
    this.#lease = lease;
    this.#renew = post(url, `/v1/leases/${leaseId(lease)}/renew`, { ttlMs: TTL_MS_MAX });
    this.#idAt = this.#renew.indexOf(leaseId(lease));
    this.wire = new Wire(url, (answer) => this.#answered(answer));
  }

  begin(): void {
    this.#renew.write(leaseId(this.#lease), this.#idAt, 'latin1');
    this.#lease += connections;
    if (this.#lease >= leases) this.#lease = this.#first;
    this.wire.send(this.#renew);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => { this.#stopped = resolve; });
  }

  #answered(answer: Answer): void {
    if (answer.status !== 200) unexpected(answer);
    this.renewals++;
    const stopped = this.#stopped;
    if (stopped === undefined) return this.begin();
    this.#stopped = undefined;
    return stopped();
  }
}

const clients = Array.from({ length: connections }, (_, number) => new Client(new URL(address), number));
await Promise.all(clients.map((client) => client.wire.connected));

await serve(async (span: Span) => {
  for (const client of clients) client.begin();
  const found = await perSecond(() => clients.reduce((sum, client) => sum + client.renewals, 0), span);
  await Promise.all(clients.map((client) => client.stop()));
  return { perSecond: found };
});
