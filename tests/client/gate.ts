// Gate: what stands before a service and answers in its place, as a proxy does whose service is away.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Finishing } from '../service/harness.ts';

export class Gate {
  /** When requests arrived, in monotonic time. */
  readonly arrivals: number[] = [];
  readonly #server = createServer((request, response) => { void this.#serve(request, response); });
  readonly #service: string;
  #refusals = 0;
  #hangUps = 0;
  #headers: OutgoingHttpHeaders = {};

  private constructor(service: string) {
    this.#service = service;
  }

  static async open(context: Finishing, service: string): Promise<Gate> {
    const gate = new Gate(service);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    context.onTestFinished(async () => {
      gate.#server.closeAllConnections();
      gate.#server.close();
      await once(gate.#server, 'close');
    });
    return gate;
  }

  get origin(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate has no port');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Answers the next requests with 503, a page for people, and these headers. */
  refuse(times: number, headers: OutgoingHttpHeaders): void {
    this.#refusals = times;
    this.#headers = headers;
  }

  /** Takes the next requests and closes their connections without an answer. */
  hangUp(times: number): void {
    this.#hangUps = times;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.arrivals.push(performance.now());
    if (this.#hangUps > 0) {
      this.#hangUps--;
      request.socket.destroy();
      return;
    }
    if (this.#refusals > 0) {
      this.#refusals--;
      response.writeHead(503, { 'content-type': 'text/html', ...this.#headers }).end('<h1>Nobody is in</h1>');
      return;
    }
    const { method = 'GET', url = '/', headers: { 'idempotency-key': key, prefer, 'content-type': type } } = request;
    const headers = Object.entries({ 'idempotency-key': key, prefer, 'content-type': type }).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
    const body = await text(request) || null;
    const answer = await fetch(this.#service + url, { method, headers, body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(await answer.text());
  }
}
