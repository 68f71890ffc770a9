// Flood: many bodies as long as may be, at once, none of which ever ends.
//
// Owns their connections. What the service keeps of them is bounded over all of them; who finds no room is told so, and
// small requests go on.

import { connect, type Socket } from 'node:net';
import { until } from '../../tests/service/until.ts';
import { readAnswers } from './answers.ts';
import { codeOf } from './oracle.ts';
import type { Target } from './target.ts';

const BODY_BYTES = 33_000_000;
const CLIENTS = 24;

export interface Flooded {
  /** What the service took beside its room for bodies, in MiB. */
  readonly grownMib: number;
  /** Clients that found no room and were told so. */
  readonly sentAway: number;
}

/** Floods the service until each client was sent away or has sent all but the end of its body. */
export async function flood(target: Target): Promise<Flooded> {
  const beforeMib = await target.residentMib();
  const clients = Array.from({ length: CLIENTS }, () => new Flooder(target.port));
  try {
    await until('each client was told something or has sent its body', () => clients.every(({ isDone }) => isDone), 60_000);
    const held = await target.client.hold('beside/flood');
    await target.client.release(held.id);
    return { grownMib: await target.residentMib() - beforeMib, sentAway: clients.filter(({ wasSentAway }) => wasSentAway).length };
  } finally {
    for (const { socket } of clients) socket.destroy();
  }
}

class Flooder {
  readonly socket: Socket;
  #hasSent = false;
  #received = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => undefined).on('data', (part: Buffer) => { this.#received = Buffer.concat([this.#received, part]); });
    this.socket.write(`POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${BODY_BYTES + 1}\r\n\r\n`);
    this.socket.write(BODY, () => { this.#hasSent = true; });
  }

  get wasSentAway(): boolean {
    return readAnswers(this.#received).answers.some((answer) => codeOf(answer) === 'overloaded');
  }

  /** One that was cut off before it could read is done as well. */
  get isDone(): boolean {
    return this.#hasSent || this.socket.closed;
  }
}

const BODY = Buffer.alloc(BODY_BYTES, ' ');
