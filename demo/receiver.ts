// Receiver: a program that takes callbacks, on a port of its own.
//
// Owns the server and the check of signatures, written from the Standard Webhooks form with Node alone: this is all that
// a receiver has to do.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { hold, NotAsTold } from './page.ts';

const WAIT_MS_MAX = 20_000;
/** An older message may have been recorded by somebody and sent again. */
const AGE_SECONDS_MAX = 300;

export interface Received {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  /** The bytes as they came: a signature is over them, not over what they mean. */
  readonly body: string;
}

export class Receiver {
  readonly url: string;
  /** How many messages came. */
  count = 0;
  readonly #server: Server;
  readonly #first = Promise.withResolvers<Received>();

  static async listen(): Promise<Receiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Receiver(server);
  }

  private constructor(server: Server) {
    const address = server.address();
    hold(typeof address === 'object' && address !== null, 'the receiver has a port');
    this.url = `http://127.0.0.1:${address.port}/errors`;
    this.#server = server;
    server.on('request', (request, response) => {
      this.#take(request).then(() => response.writeHead(204).end(), () => response.destroy());
    });
  }

  /** The first message. */
  async message(): Promise<Received> {
    const late = setTimeout(() => this.#first.reject(new NotAsTold('the error callback arrives')), WAIT_MS_MAX);
    return this.#first.promise.finally(() => { clearTimeout(late); });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage): Promise<void> {
    const body = await text(request);
    const header = (name: string): string => String(request.headers[name] ?? '');
    this.count++;
    this.#first.resolve({ id: header('webhook-id'), timestamp: header('webhook-timestamp'), signature: header('webhook-signature'), body });
  }
}

/** Whether a message is from who knows the secret (`whsec_` and base64), unchanged and recent. */
export function isGenuine({ id, timestamp, signature, body }: Received, secret: string): boolean {
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= AGE_SECONDS_MAX)) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signature.split(' ').some((part) => {
    const given = Buffer.from(part.startsWith('v1,') ? part.slice('v1,'.length) : '', 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
