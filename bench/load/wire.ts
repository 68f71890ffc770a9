// Wire: one HTTP/1.1 connection of a load, as lean as it can be.
//
// Owns bytes: prebuilt requests go out as they are, and whole answers come in as a view of one buffer that all
// connections of the process share. A client library would be the slowest part, and the load would measure itself.
//   W1. What `answered` gets is valid during the call only.
//   W2. An answer has a Content-Length, or it is a 204 and has no body. Every server here answers so.

import { connect, type Socket } from 'node:net';

const RECEIVE_BYTES = 64 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
/** Of `Content-Length: ` and `content-length: `; no other header of the servers here has it. */
const LENGTH = Buffer.from('ontent-');
const LENGTH_DIGITS = 'ontent-Length: '.length;
const L_SMALL = 108;
const L_LARGE = 76;
const ZERO = 48;
/** Behind `HTTP/1.1 `. */
const STATUS = 9;

const shared = Buffer.allocUnsafeSlow(RECEIVE_BYTES);

export interface Answer {
  readonly status: number;
  /** Valid during the call only. (W1) */
  readonly bytes: Buffer;
  /** Where the body begins and ends in `bytes`. */
  readonly body: number;
  readonly end: number;
}

export class Wire {
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  readonly #answered: (answer: Answer) => void;
  /** What has come of an answer that is not whole. */
  #part: Buffer | undefined;

  constructor(address: URL, answered: (answer: Answer) => void) {
    this.#answered = answered;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.connected = promise;
    this.#socket = connect({
      host: address.hostname, port: Number(address.port), noDelay: true,
      onread: { buffer: shared, callback: (length, bytes) => this.#hear(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer), length) },
    });
    this.#socket.once('connect', resolve).once('error', reject);
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(bytes: Buffer, length: number): boolean {
    const got = this.#part === undefined ? bytes : Buffer.concat([this.#part, bytes.subarray(0, length)]);
    const until = this.#part === undefined ? length : got.length;
    const answer = wholeAnswer(got, until);
    this.#part = answer === undefined ? Buffer.from(got.subarray(0, until)) : undefined;
    if (answer !== undefined) this.#answered(answer);
    return true;
  }
}

/** Undefined while it is not whole. What lies behind `until` is of answers before, and is not looked at. */
function wholeAnswer(bytes: Buffer, until: number): Answer | undefined {
  const head = bytes.indexOf(HEAD_END);
  if (head === -1 || head + HEAD_END.length > until) return undefined;
  const status = 100 * (bytes[STATUS]! - ZERO) + 10 * (bytes[STATUS + 1]! - ZERO) + bytes[STATUS + 2]! - ZERO;
  const body = head + HEAD_END.length;
  const end = body + (status === 204 ? 0 : contentLength(bytes, head));
  return end > until ? undefined : { status, bytes, body, end };
}

function contentLength(bytes: Buffer, head: number): number {
  let at = bytes.indexOf(LENGTH);
  while (at !== -1 && at < head) {
    const first = bytes[at + LENGTH.length];
    if (first === L_SMALL || first === L_LARGE) return integerAt(bytes, at + LENGTH_DIGITS);
    at = bytes.indexOf(LENGTH, at + 1);
  }
  throw new Error(`an answer without a length: ${bytes.toString('latin1', 0, head)}`);
}

function integerAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; ; at++) {
    const digit = bytes[at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = 10 * value + digit;
  }
}

/** Throws on what was not expected, with its text. */
export function unexpected({ bytes, end }: Answer): never {
  throw new Error(`not expected: ${bytes.toString('latin1', 0, end)}`);
}
