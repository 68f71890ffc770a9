// Proxy: a TCP relay between clients and the service that treats connections badly when told to.
//
// Owns the relayed connections. What is relayed is never changed, only delayed, withheld or lost.
//   X1. What was relayed in one direction keeps its order, whatever delays are set meanwhile.
//   X2. When one side ends, the other is ended at once: nothing of a lost connection arrives later from here.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Weather =
  | { readonly kind: 'clear' }
  /** Every piece comes this much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing passes in either direction; what came meanwhile passes afterwards. */
  | { readonly kind: 'stall' }
  /** Each connection closes, or is reset, after it has carried so many bytes more to a client. */
  | { readonly kind: 'cut'; readonly afterBytes: () => number; readonly reset: boolean };

const CLEAR: Weather = { kind: 'clear' };

export class Proxy implements AsyncDisposable {
  /** Connections that were cut or reset. */
  broken = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #weather: Weather = CLEAR;

  private constructor(server: Server, target: () => number) {
    this.#server = server;
    server.on('connection', (client) => {
      const link = new Link(client, target(), () => {
        this.#links.delete(link);
      });
      this.#links.add(link);
      this.#apply(link);
    });
  }

  static async listen(target: () => number): Promise<Proxy> {
    const server = createServer({ noDelay: true });
    const proxy = new Proxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    for (const link of this.#links) this.#apply(link);
  }

  /** Resets every connection of this moment, on both sides. */
  resetAll(): void {
    for (const link of this.#links) this.#break(link, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) link.end(false);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #apply(link: Link): void {
    const weather = this.#weather;
    link.delayMs = weather.kind === 'delay' ? weather.ms : 0;
    link.stalled = weather.kind === 'stall';
    if (weather.kind !== 'cut') return link.cutAfter(Number.POSITIVE_INFINITY, () => undefined);
    link.cutAfter(weather.afterBytes(), () => { this.#break(link, weather.reset); });
  }

  #break(link: Link, reset: boolean): void {
    this.broken++;
    link.end(reset);
  }
}

/** One client's connection and the service's side of it. */
class Link {
  delayMs = 0;
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #ended: () => void;
  #stalled = false;
  #bytesLeft = Number.POSITIVE_INFINITY;
  #cut: () => void = () => undefined;

  constructor(client: Socket, port: number, ended: () => void) {
    this.#client = client;
    this.#service = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#ended = ended;
    this.#relay(client, this.#service, (bytes) => bytes);
    this.#relay(this.#service, client, (bytes) => this.#untilCut(bytes));
  }

  set stalled(stalled: boolean) {
    if (stalled === this.#stalled) return;
    this.#stalled = stalled;
    for (const socket of [this.#client, this.#service]) {
      if (stalled) socket.pause();
      else socket.resume();
    }
  }

  cutAfter(bytes: number, cut: () => void): void {
    this.#bytesLeft = bytes;
    this.#cut = cut;
  }

  /** (X2) */
  end(reset: boolean): void {
    for (const socket of [this.#client, this.#service]) {
      if (socket.destroyed) continue;
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
    this.#ended();
  }

  #relay(from: Socket, to: Socket, passing: (bytes: Buffer) => Buffer): void {
    const queue: { readonly bytes: Buffer; readonly dueAt: number }[] = [];
    const drain = (): void => {
      for (let first = queue[0]; first !== undefined; first = queue[0]) {
        const waitMs = first.dueAt - performance.now();
        if (waitMs > 0) return void setTimeout(drain, waitMs);
        queue.shift();
        if (!to.destroyed) to.write(passing(first.bytes));
      }
    };
    from.on('data', (bytes: Buffer) => {
      queue.push({ bytes, dueAt: performance.now() + this.delayMs });
      if (queue.length === 1) drain();
    });
    from.on('error', () => undefined);
    from.once('close', () => { this.end(false); });
  }

  #untilCut(bytes: Buffer): Buffer {
    if (bytes.length < this.#bytesLeft) {
      this.#bytesLeft -= bytes.length;
      return bytes;
    }
    const rest = bytes.subarray(0, this.#bytesLeft);
    setImmediate(this.#cut);
    this.cutAfter(0, () => undefined);
    return rest;
  }
}
