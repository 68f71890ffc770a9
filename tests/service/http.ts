// Requests over real sockets: ordinary ones on kept connections, and ones with a connection of their own to hang up.
//
// Owns bytes, headers and connections. Does not own what the answers mean (client.ts).

import { Agent, Client, type Dispatcher } from 'undici';
import type { Answer } from './contract.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS';

export interface Ask {
  readonly json?: unknown;
  /** The exact body to send instead of `json`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request under way on a connection of its own. */
export interface Pending<Body> {
  readonly answer: Promise<Answer<Body>>;
  /** Closes the connection and resolves when it is closed. */
  hangUp(): Promise<void>;
}

export class Http {
  readonly origin: string;
  readonly #agent = new Agent({ connect: { timeout: 10_000 } });
  readonly #own = new Set<Client>();
  readonly #headers: Readonly<Record<string, string>>;

  constructor(origin: string, headers: Readonly<Record<string, string>> = {}) {
    this.origin = origin;
    this.#headers = headers;
  }

  async ask<Body>(method: Method, path: string, ask: Ask = {}): Promise<Answer<Body>> {
    return answered<Body>(await this.#agent.request({ origin: this.origin, ...this.#request(method, path, ask) }));
  }

  open<Body>(method: Method, path: string, ask: Ask = {}): Pending<Body> {
    const client = new Client(this.origin);
    this.#own.add(client);
    const answer = client.request(this.#request(method, path, ask)).then((response) => answered<Body>(response));
    // A request whose connection is closed on purpose fails, and nobody need be told.
    answer.catch(() => undefined);
    return { answer, hangUp: () => client.destroy() };
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), ...[...this.#own].map((client) => client.destroy())]);
  }

  #request(method: Method, path: string, { json, raw, headers }: Ask): Dispatcher.RequestOptions {
    const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    return { method, path, headers: { ...type, ...this.#headers, ...headers }, body: body ?? null };
  }
}

async function answered<Body>(response: Dispatcher.ResponseData): Promise<Answer<Body>> {
  const text = await response.body.text();
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  const isJson = /json/u.test(headers['content-type'] ?? '') && text !== '';
  const body: Answer<Body>['body'] = JSON.parse(isJson ? text : '{}');
  return { status: response.statusCode, headers, text, body };
}
