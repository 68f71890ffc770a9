// Connection: HTTP/1.1 by hand on one kept socket, one request at a time. A client library would cost more than the
// service does, and would hide what became of a request whose connection broke.
//
// Owns bytes and the socket. Does not own what an answer means (client.ts).
//   K1. A request ends with a whole answer, or as lost; `sent` says whether a byte of it can have left.
//   K2. Nobody waits for ever: a request that is older than its time is given up with its connection.

import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
const STATUS_AT = 'HTTP/1.1 '.length;
const WATCH_MS = 50;

export interface Raw {
  readonly status: number;
  readonly text: string;
}

export type Method = 'GET' | 'POST' | 'DELETE';

/** `hungUp` by the client itself, `late` when its patience was over, `closed` by the other side or by what is between. */
export interface Lost {
  readonly lost: 'hungUp' | 'late' | 'closed';
  readonly sent: boolean;
}

export class Connection {
  readonly #port: () => number;
  #socket: Socket | undefined;
  #received = '';
  #settle: ((outcome: Raw | Lost) => void) | undefined;
  #sent = false;
  #until = 0;

  /** `port` is asked at each new connection. */
  constructor(port: () => number) {
    this.#port = port;
  }

  /** `headers` are whole lines, each with its end. */
  ask(method: Method, path: string, body: string, headers: string, withinMs: number): Promise<Raw | Lost> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#sent = false;
      this.#received = '';
      this.#until = performance.now() + withinMs;
      const type = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
      this.#write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${type}${headers}\r\n${body}`);
    });
  }

  /** Closes the connection; the request under way is lost. */
  hangUp(lost: Lost['lost'] = 'hungUp'): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
    this.#end({ lost, sent: this.#sent });
  }

  /** To be called every so often. (K2) */
  watch(now: number): void {
    if (this.#settle !== undefined && now > this.#until) this.hangUp('late');
  }

  #write(text: string): void {
    const socket = this.#socket ?? this.#open();
    if (!socket.connecting) {
      this.#sent = true;
      return void socket.write(text, 'latin1');
    }
    socket.once('connect', () => {
      this.#sent = true;
      socket.write(text, 'latin1');
    });
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port(), noDelay: true });
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => { if (this.#socket === socket) this.#hear(text); });
    socket.on('error', () => undefined);
    socket.once('close', () => { if (this.#socket === socket) this.hangUp('closed'); });
    return socket;
  }

  #hear(text: string): void {
    const received = this.#received + text;
    const head = received.indexOf(HEAD_END);
    const bodyAt = head + HEAD_END.length;
    if (head === -1 || received.length < bodyAt + lengthOf(received, head)) {
      this.#received = received;
      return;
    }
    this.#end({ status: Number(received.slice(STATUS_AT, STATUS_AT + 3)), text: received.slice(bodyAt) });
  }

  #end(outcome: Raw | Lost): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

function lengthOf(text: string, head: number): number {
  const at = text.indexOf('content-length: ');
  return at === -1 || at > head ? 0 : Number.parseInt(text.slice(at + 'content-length: '.length, head), 10);
}

/** Watches connections while something is done with them, and hangs up in the end. (K2) */
export async function watched<T>(connections: readonly Connection[], action: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.watch(now);
  }, WATCH_MS);
  try {
    return await action();
  } finally {
    clearInterval(timer);
    for (const connection of connections) connection.hangUp();
  }
}
