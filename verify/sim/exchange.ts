// Exchange: one request as the service's edge sees it, with everything of HTTP left out but what the edge's rules use.
//
// Owns the two ends of a connection: what the service wrote, whether the kernel took it, and who closed. The rules
// themselves (the last look before writing, what is reported of a grant) are the service's own code, in src/routes/.

import type { FastifyReply } from 'fastify';
import type { LeaseBody } from '../../src/routes/lease-schemas.ts';
import type { Call } from './call.ts';

/** Stands for a request, its socket and its answer at once: each of them has only these few members. */
export class Exchange {
  readonly call: Call;
  readonly method: 'GET' | 'POST';
  readonly routeOptions = { url: '/' };
  readonly exchange: { readonly arrivedAt: number };
  /** Its place in the order of all that arrived. */
  readonly arrival: number;
  /** The highest token that had been seen when it arrived. */
  readonly mark: number;
  writable = true;
  destroyed = false;
  writableFinished = false;
  /** Bytes that the kernel has not taken yet. */
  writableLength = 0;
  status = 0;
  wasSent = false;
  /** The edge met a closed connection and left. */
  wasGivenUp = false;
  body: unknown;
  /** What the answer gives to its client. */
  lease: LeaseBody | undefined;
  batch: string | undefined;
  readonly #onSent: (exchange: Exchange) => void;
  #onClose: (() => void)[] = [];

  constructor(call: Call, arrivedAt: number, arrival: number, mark: number, onSent: (exchange: Exchange) => void) {
    this.call = call;
    this.method = call.ask.kind === 'readLease' ? 'GET' : 'POST';
    this.exchange = { arrivedAt };
    this.arrival = arrival;
    this.mark = mark;
    this.#onSent = onSent;
  }

  get raw(): this {
    return this;
  }

  get socket(): this {
    return this;
  }

  get request(): this {
    return this;
  }

  once(_event: 'close', run: () => void): void {
    this.#onClose.push(run);
  }

  // Flow control of a socket: there is none here. One connection carries one request.

  on(event: 'close' | 'pause' | 'drain' | 'error', run: () => void): this {
    if (event === 'close') this.once(event, run);
    return this;
  }

  off(): this {
    return this;
  }

  isPaused(): boolean {
    return false;
  }

  resume(): this {
    return this;
  }

  code(status: number): this {
    this.status = status;
    return this;
  }

  header(): this {
    return this;
  }

  type(): this {
    return this;
  }

  send(body: unknown): this {
    this.body = body;
    this.wasSent = true;
    this.#onSent(this);
    return this;
  }

  hijack(): this {
    this.wasGivenUp = true;
    return this;
  }

  /** The kernel took the whole answer. */
  finish(): void {
    if (this.destroyed) return;
    this.writableFinished = true;
    this.writableLength = 0;
    this.#close();
  }

  /** The service sees that the client has closed. */
  closed(): void {
    if (this.writableFinished || this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.#close();
  }

  /* oxlint-disable typescript/no-unsafe-type-assertion -- The edge uses nothing of them that is not above. */
  get asReply(): FastifyReply {
    return this as unknown as FastifyReply;
  }

  #close(): void {
    const run = this.#onClose;
    this.#onClose = [];
    for (const each of run) each();
  }
}
