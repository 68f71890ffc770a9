// Load: clients that all want one lock, each on its own connection: who is answered releases, and waits again.
//
// `turns.ts <address> <clients> <lock>`; asked for a span it tells the hand-offs per second and how long they took.
// Between two questions somebody holds the lock and the others wait in line, so that a round begins as the last one ended.
//   T1. Order is checked: tokens rise, and nobody who came back into line later is answered before who came earlier. What
//       is out of turn is counted, and the first round in line does not count, as it was joined all at once.

import { setTimeout as delay } from 'node:timers/promises';
import { Handoffs } from '../load/handoffs.ts';
import { acquire, fencingToken, Release } from '../load/requests.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';

/** The longest that a connection may wait, and longer than a run of it takes. */
const WAIT_MS = 240_000;
const TTL_MS = 3_600_000;
const CONNECT_AT_ONCE = 500;
const POLL_MS = 20;

const [address = '', clients = '', lock = ''] = process.argv.slice(2);
const url = new URL(address);
const request = acquire(url, lock, { ttlMs: TTL_MS, waitMs: WAIT_MS });
const count = Number(clients);
const handoffs = new Handoffs();
/** `pass` is there while somebody holds the lock and nobody asks for it. */
const pause: { isOn: boolean; pass: (() => void) | undefined } = { isOn: true, pass: undefined };
let joined = 0;
let lastToken = 0;
let lastJoined = 0;
let outOfTurn = 0;

class Client {
  readonly wire = new Wire(url, (answer) => this.#answered(answer));
  readonly #release = new Release(url);
  #joined = 0;

  join(): void {
    this.#joined = ++joined;
    this.wire.send(request);
  }

  #answered(answer: Answer): void {
    if (answer.status === 204) return this.join();
    if (answer.status !== 201) unexpected(answer);
    handoffs.granted();
    const release = this.#release.of(answer);
    checkTurn(fencingToken(answer), this.#joined);
    const pass = (): void => {
      handoffs.released();
      this.wire.send(release);
    };
    if (!pause.isOn) return pass();
    pause.pass = pass;
    return handoffs.paused();
  }
}

/** (T1) */
function checkTurn(token: number, place: number): void {
  if (token <= lastToken) throw new Error('a fencing token did not rise');
  lastToken = token;
  if (place <= count) return;
  if (place < lastJoined) outOfTurn++;
  lastJoined = place;
}

async function waiting(): Promise<number> {
  const answer = await fetch(`${address}/v1/locks/${lock}`);
  const { waiters = 0 }: { waiters?: number } = JSON.parse(await answer.text());
  return waiters;
}

const all: Client[] = [];
while (all.length < count) {
  const some = Array.from({ length: Math.min(CONNECT_AT_ONCE, count - all.length) }, () => new Client());
  await Promise.all(some.map((client) => client.wire.connected));
  for (const client of some) client.join();
  all.push(...some);
}
while ((await waiting()) < count - 1) await delay(POLL_MS);

await serve(async (span: Span) => {
  const { pass } = pause;
  pause.isOn = false;
  pause.pass = undefined;
  pass?.();
  const told = await handoffs.measure(span);
  pause.isOn = true;
  while (pause.pass === undefined) await delay(1);
  return { ...told, outOfTurn };
});
