// A receiver of webhooks that verifies what it gets, and behaves as badly as it is told to.
//
// Owns the server and the record of every delivery. Verifies with `standardwebhooks`, never with code of the service.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { WEBHOOK_SECRET, type Finishing } from './harness.ts';
import { until } from './until.ts';

export interface Received {
  readonly id: string;
  readonly path: string;
  readonly verified: boolean;
  readonly atMs: number;
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: Readonly<Record<string, unknown>> };
}

/** What the receiver does with the nth request of a path, counted from 0. */
export type Behaviour = (nth: number, response: ServerResponse) => void;

export const accept: Behaviour = (_nth, response) => { response.writeHead(204).end(); };

export function answering(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (_nth, response) => { response.writeHead(status, headers).end(); };
}

/** Never answers. */
export const hang: Behaviour = () => undefined;

/** The first `count` requests fail with `status`, those behind them are accepted. */
export function failingFirst(count: number, status = 500, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (nth, response) => (nth < count ? answering(status, headers) : accept)(nth, response);
}

export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #behaviours = new Map<string, Behaviour>();
  #serving = true;

  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('request', (request, response) => { void this.#take(request, response); });
  }

  static async listen(context: Finishing): Promise<Receiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
    const receiver = new Receiver(server, address.port);
    context.onTestFinished(() => receiver.close());
    return receiver;
  }

  /** A URL of this receiver with its own behaviour. */
  at(path: string, behaviour: Behaviour = accept): string {
    this.#behaviours.set(path, behaviour);
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  on(path: string): readonly Received[] {
    return this.received.filter((delivery) => delivery.path === path);
  }

  /** The deliveries of a path once there are at least `count`. */
  async reaches(path: string, count: number, withinMs = 15_000): Promise<readonly Received[]> {
    return until(`${path} got ${count} deliveries`, () => (this.on(path).length >= count ? this.on(path) : undefined), withinMs);
  }

  async close(): Promise<void> {
    if (!this.#serving) return;
    this.#serving = false;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    const path = request.url ?? '';
    const nth = this.on(path).length;
    const body: Received['body'] = JSON.parse(text);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    this.received.push({
      id: headers['webhook-id'] ?? '',
      path,
      verified: verifies(text, headers),
      atMs: performance.now(),
      body,
    });
    (this.#behaviours.get(path) ?? accept)(nth, response);
  }
}

function verifies(text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(WEBHOOK_SECRET).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}
