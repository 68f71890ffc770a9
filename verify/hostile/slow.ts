// Slow: clients that send a part of a request and then nothing more, as many as one cares to open.
//
// Owns their connections. They are told nothing of the time that they have; the service must end them by itself.

import { connect, type Socket } from 'node:net';
import { readAnswers } from './answers.ts';
import { codeOf } from './oracle.ts';

const BEGINNINGS = [
  'GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: ',
  'POST /v1/locks HTTP/1.1\r\nHost: localhost\r\nContent-',
  'G',
  'GET /health/live HTTP/1.1\r\n',
];

export interface Slow {
  /** Resolves with the longest time that one of them was left open, in milliseconds, and how many were told why. */
  readonly ended: Promise<{ readonly longestMs: number; readonly told: number }>;
  close(): void;
}

/** Opens `count` connections, each of which sends a byte more every second and never the whole of a head. */
export function openSlow(port: number, count: number): Slow {
  const opened = performance.now();
  const clients = Array.from({ length: count }, (_, nth) => new SlowClient(port, BEGINNINGS[nth % BEGINNINGS.length]!));
  const ended = Promise.all(clients.map((client) => client.ended)).then((answers) => ({
    longestMs: performance.now() - opened,
    told: answers.filter((bytes) => readAnswers(bytes).answers.some((answer) => codeOf(answer) === 'request_timeout')).length,
  }));
  return { ended, close: () => { for (const client of clients) client.socket.destroy(); } };
}

class SlowClient {
  readonly socket: Socket;
  /** All that came back until the connection was closed. */
  readonly ended: Promise<Buffer>;

  constructor(port: number, beginning: string) {
    const parts: Buffer[] = [];
    this.socket = connect({ port, host: '127.0.0.1' });
    const drip = setInterval(() => { this.socket.write('x'); }, 1_000);
    this.ended = new Promise((resolve) => {
      this.socket.on('error', () => undefined).on('data', (part: Buffer) => parts.push(part)).on('close', () => {
        clearInterval(drip);
        resolve(Buffer.concat(parts));
      });
    });
    this.socket.write(beginning);
  }
}
