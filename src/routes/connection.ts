// Connection: the one that a question came on, as the machine hears of it.
//
// Owns what only the edge can know: that a connection closed, and that an answer with a grant left.
//   N1. Of a question that may wait, the machine hears at once when its connection closes.
//   N2. Of a grant it hears what it has to: of a shared one once, that it was carried or was not; of one that this answer
//       alone can carry only that it was not.
//   N3. An answer was carried when the kernel took all of it. On a connection with several requests that is when those
//       before it were answered.
//   N4. A request that waits keeps neither its headers nor its parameters nor its body, a batch of thousands of items
//       for one: nobody looks at them again.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, Unnumbered } from '../engine.ts';
import { UNREAD_MS } from '../limits.ts';
import type { ClientRequest } from '../state/inputs.ts';
import type { Grant } from '../state/replies.ts';
import type { Edge } from './edge.ts';

/** In place of what a request came with; one for all. */
const NOTHING = Object.freeze({});
const NO_HEADERS: string[] = [];
Object.freeze(NO_HEADERS);

export class Connection {
  readonly edge: Edge;
  readonly reply: FastifyReply;
  /** The numbers under which the machine knows what was asked; mostly one, and a list of it would take more memory. */
  #requests: number | readonly number[] | undefined;
  #lease = '';
  #grant: Grant | undefined;
  #isReported = false;

  constructor(edge: Edge, reply: FastifyReply) {
    this.edge = edge;
    this.reply = reply;
  }

  /** Asks on behalf of this connection. */
  submit(question: Unnumbered<ClientRequest>, answer: Answer): number {
    const request = this.edge.engine.submit(question, answer);
    this.#requests = this.#requests === undefined ? request : [this.#requests, request].flat();
    return request;
  }

  /**
   * From here on the request waits: tells the machine if the connection closes before the answer, or has closed already
   * (N1), and lets go of what is not needed for an answer (N4).
   */
  wait(): void {
    const { raw, request } = this.reply;
    if (raw.destroyed) return this.#report('hangUp');
    letGo(request);
    keepReading(request.raw.socket, 1);
    // It closes once: a listener for one time would take more memory than all else here, for as long as it waits.
    raw.on('close', () => this.#closed());
  }

  #closed(): void {
    const { raw, request } = this.reply;
    keepReading(request.raw.socket, -1);
    if (!raw.writableFinished) this.#report('hangUp');
  }

  /** The answer that is about to be written gives this lease to the client. */
  isGiven(lease: string, grant: Grant): void {
    this.#lease = lease;
    this.#grant ??= grant;
  }

  /** The answer was given to the server. `held`: it says that the client holds the lease. */
  written(held: boolean): void {
    if (this.#grant !== undefined) onceTaken(this.reply.raw, (taken) => this.settle(held && taken));
  }

  /** No answer with the grant can be written, or was. (N2) */
  lost(): void {
    if (this.#grant === 'sole') this.edge.engine.post({ kind: 'uncarried', lease: this.#lease });
    if (this.#grant === 'shared') this.#report('hangUp');
  }

  /** The answer with the grant was carried, or was not. (N2) */
  settle(carried: boolean): void {
    if (!carried) this.lost();
    else if (this.#grant === 'shared') this.#report('carried');
  }

  #report(kind: 'carried' | 'hangUp'): void {
    if (this.#isReported) return;
    this.#isReported = true;
    for (const request of [this.#requests ?? []].flat()) this.edge.engine.post({ kind, request });
  }
}

function letGo(request: FastifyRequest): void {
  request.raw.headers = NOTHING;
  request.raw.rawHeaders = NO_HEADERS;
  request.params = request.query = request.body = NOTHING;
}

/** Tells whether the kernel took all of an answer that was given to the server: mostly at once, and no listener is needed. (N3) */
export function onceTaken(raw: ServerResponse, tell: (taken: boolean) => void): void {
  if (isWithKernel(raw)) tell(true);
  else raw.once('close', () => tell(raw.writableFinished));
}

/** How many answers are waited for on each connection. */
const waiting = new WeakMap<Socket, number>();

/** A connection that is not read shows no hang-up: one that stays so while an answer is waited for is closed. (N1) */
function keepReading(socket: Socket, more: 1 | -1): void {
  const count = waiting.get(socket);
  waiting.set(socket, (count ?? 0) + more);
  if (count === undefined) for (const event of ['pause', 'drain']) socket.on(event, mayBeUnread);
  closeUnread(socket);
}

/** One for all connections. */
function mayBeUnread(this: Socket): void {
  closeUnread(this);
}

function closeUnread(socket: Socket): void {
  if (isUnread(socket)) setTimeout(() => { if (isUnread(socket)) socket.destroy(); }, UNREAD_MS).unref();
}

/** One that is only slow in taking what was written is read on when it has. */
function isUnread(socket: Socket): boolean {
  return waiting.get(socket) !== 0 && socket.isPaused() && !socket.writableNeedDrain;
}

/** Whether nothing of an answer that was given to the server waits in the process any more. */
function isWithKernel({ socket, writableLength }: ServerResponse): boolean {
  return socket?.writable === true && writableLength === 0;
}
