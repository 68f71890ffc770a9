// A receiver of deliveries for the tests: a real server on loopback that keeps what it was sent, and a way to make
// attempts at it and to wait for their reports.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import type { DeliveryReport } from '../../src/state/inputs.ts';
import { createDestinationRule } from '../../src/webhooks/destination.ts';
import { createWebhookSender, type SenderOptions } from '../../src/webhooks/sender.ts';
import { parseSecrets } from '../../src/webhooks/signature.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly received: readonly Received[];
  readonly close: () => Promise<void>;
}

export type Respond = (response: ServerResponse) => void;

export const SECRET = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;

/** Answers every request that it has read to its end by `respond`, by default with an empty 200. */
export async function startReceiver(respond: Respond = (response) => void response.end()): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      respond(response);
    });
  });
  return receiver(server, received, () => server.closeAllConnections());
}

/** Hands every connection to `onSocket`, for receivers that speak no HTTP. */
export async function startSocketReceiver(onSocket: (socket: Socket) => void): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  return receiver(server, [], () => sockets.forEach((socket) => socket.destroy()));
}

async function receiver(server: Server | TcpServer, received: readonly Received[], endConnections: () => void): Promise<Receiver> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    endConnections();
    await closed;
  };
  const { port } = address;
  return { port, url: `http://127.0.0.1:${port}/hook`, received, close, [Symbol.asyncDispose]: async () => (server.listening ? close() : undefined) };
}

export interface Attempts extends AsyncDisposable {
  /** Makes one attempt and resolves with its report. */
  readonly attempt: (url: string, body?: string) => Promise<DeliveryReport>;
  /** Starts an attempt that nobody waits for. */
  readonly start: (url: string) => void;
  readonly reports: readonly DeliveryReport[];
  readonly close: () => Promise<void>;
}

/** A sender that may call 127.0.0.1, unless `options` say otherwise. */
export function startAttempts(options: Partial<SenderOptions> = {}): Attempts {
  const reports: DeliveryReport[] = [];
  const waiting = new Map<string, (report: DeliveryReport) => void>();
  const report = (settled: DeliveryReport): void => {
    reports.push(settled);
    waiting.get(settled.delivery)?.(settled);
  };
  const sender = createWebhookSender({
    secrets: parseSecrets(SECRET),
    rule: createDestinationRule(['127.0.0.1']),
    version: '1.2.3',
    ...options,
    report,
  });
  let count = 0;
  const send = (delivery: string, url: string, body: string): void =>
    sender.send({ delivery, attempt: 3, url, body: Buffer.from(body) });
  return {
    reports,
    start: (url) => send(`dlv_${++count}`, url, '{}'),
    attempt: (url, body = '{}') => {
      const delivery = `dlv_${++count}`;
      const { promise, resolve } = Promise.withResolvers<DeliveryReport>();
      waiting.set(delivery, resolve);
      send(delivery, url, body);
      return promise;
    },
    close: () => sender.close(),
    [Symbol.asyncDispose]: () => sender.close(),
  };
}

/** One attempt by a sender of its own. */
export async function attemptAt(url: string, options: Partial<SenderOptions> = {}): Promise<DeliveryReport> {
  await using attempts = startAttempts(options);
  return await attempts.attempt(url);
}
