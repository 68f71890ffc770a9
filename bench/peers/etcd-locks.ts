// Load: clients of etcd's lock API over its JSON gateway, each on its own connection, with a lease of its own.
//
// `etcd-locks.ts <address> <clients> own|hot`; asked for a span it tells locks and unlocks per second, and how long
// hand-offs took where all want one lock. Each lock call waits in line; the lease outlives the run.

import { setTimeout as delay } from 'node:timers/promises';
import { Handoffs } from '../load/handoffs.ts';
import { post } from '../load/requests.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';

const LEASE_S = 3_600;
const KEY = Buffer.from('"key":"');
const QUOTE = 34;
const POLL_MS = 1;

const [address = '', clients = '', want = ''] = process.argv.slice(2);
const url = new URL(address);
const handoffs = new Handoffs();
let stopping = false;

class Client {
  isIdle = true;
  readonly wire: Wire;
  readonly #lock: Buffer;
  #step: 'lock' | 'unlock' = 'lock';

  constructor(lease: string, number: number) {
    const name = Buffer.from(want === 'hot' ? 'hot' : `own-${number}`).toString('base64');
    this.#lock = post(url, '/v3/lock/lock', { name, lease });
    this.wire = new Wire(url, (answer) => this.#answered(answer));
  }

  begin(): void {
    this.isIdle = stopping;
    if (stopping) return;
    this.#step = 'lock';
    this.wire.send(this.#lock);
  }

  #answered(answer: Answer): void {
    if (answer.status !== 200) unexpected(answer);
    if (this.#step === 'unlock') return this.begin();
    handoffs.granted();
    this.#step = 'unlock';
    handoffs.released();
    return this.wire.send(post(url, '/v3/lock/unlock', { key: keyOf(answer) }));
  }
}

function keyOf({ bytes, body }: Answer): string {
  const from = bytes.indexOf(KEY, body) + KEY.length;
  return bytes.toString('latin1', from, bytes.indexOf(QUOTE, from));
}

async function grantLease(): Promise<string> {
  const answer = await fetch(`${address}/v3/lease/grant`, { method: 'POST', body: JSON.stringify({ TTL: LEASE_S }) });
  const { ID }: { ID: string } = JSON.parse(await answer.text());
  return ID;
}

const all: Client[] = [];
for (let number = 0; number < Number(clients); number++) all.push(new Client(await grantLease(), number));
await Promise.all(all.map((client) => client.wire.connected));

await serve(async (span: Span) => {
  stopping = false;
  for (const client of all) client.begin();
  const told = await handoffs.measure(span);
  stopping = true;
  while (!all.every((client) => client.isIdle)) await delay(POLL_MS);
  handoffs.paused();
  return told;
});
