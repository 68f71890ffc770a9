// Load: clients that acquire and release, each its own lock on its own connection, as fast as they are answered.
//
// Owns one measurement: `load.ts <address> <connections> <warmMs> <measureMs>` prints `{"pairsPerSecond": n}`. Speaks
// HTTP by hand: a client library would be the slowest part, and this process would measure itself.

import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const BODY = '{"owner":"bench","ttlMs":30000}';
const HEAD_END = '\r\n\r\n';

class Client {
  pairs = 0;
  readonly #socket: Socket;
  readonly #host: string;
  readonly #acquire: string;
  readonly #ended = Promise.withResolvers<void>();
  #ending = false;
  #received = '';

  constructor({ host, hostname, port }: URL, number: number) {
    this.#host = host;
    this.#acquire = `POST /v1/locks/bench-${number}/leases HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    this.#socket.once('connect', () => this.#socket.write(this.#acquire));
  }

  /** Leaves no lock behind that the next round would find held. */
  end(): Promise<void> {
    this.#ending = true;
    return this.#ended.promise;
  }

  #hear(text: string): void {
    const received = this.#received + text;
    const head = received.indexOf(HEAD_END);
    if (head === -1 || received.length < head + HEAD_END.length + lengthOf(received, head)) {
      this.#received = received;
      return;
    }
    this.#received = '';
    this.#answered(received.slice(9, 12), received, head);
  }

  #answered(status: string, text: string, head: number): void {
    if (status === '201') {
      const id = text.indexOf('"id":"', head) + '"id":"'.length;
      this.#socket.write(`DELETE /v1/leases/${text.slice(id, text.indexOf('"', id))} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
    } else if (status === '204') {
      this.pairs++;
      if (!this.#ending) return void this.#socket.write(this.#acquire);
      this.#socket.destroy();
      this.#ended.resolve();
    } else {
      throw new Error(`not expected: ${text}`);
    }
  }
}

function lengthOf(text: string, head: number): number {
  const found = /\r\ncontent-length: (\d+)/iu.exec(text.slice(0, head));
  return found === null ? 0 : Number(found[1]);
}

const [address = '', connections = '', warmMs = '', measureMs = ''] = process.argv.slice(2);
const clients = Array.from({ length: Number(connections) }, (_, number) => new Client(new URL(address), number));
const pairs = (): number => clients.reduce((sum, client) => sum + client.pairs, 0);

await delay(Number(warmMs));
const before = pairs();
const began = performance.now();
await delay(Number(measureMs));
const pairsPerSecond = (pairs() - before) / ((performance.now() - began) / 1_000);
await Promise.all(clients.map((client) => client.end()));
console.log(JSON.stringify({ pairsPerSecond }));
