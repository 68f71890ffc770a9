// Sender: inputs on their way to the service, and what came back for each.
//
// Owns sockets and the conduct of their clients. Does not own whether an answer is right (oracle.ts, fuzz.ts).
//   S1. A kept connection has several inputs under way, and as many answers come back, in their order.
//   S2. Every other connection is closed in the end: by the service, or by it soon after the client has half closed.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Chance } from '../chance.ts';
import { readAnswers, type Answer, type ReadAnswers } from './answers.ts';
import type { Input } from './inputs.ts';

/** How long an answer may take; an input that waits for a lock waits for a few milliseconds. */
const ANSWER_MS_MAX = 15_000;
/** A connection on which nothing came for this long has nothing more to say. */
const QUIET_MS = 30;

export interface Outcome {
  readonly input: Input;
  readonly answers: readonly Answer[];
  /** What is wrong with how the connection went; `undefined` for nothing. */
  readonly wrong?: string;
}

class Connection {
  readonly socket: Socket;
  readonly #parts: Buffer[] = [];
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => undefined).on('close', () => this.#wake?.()).on('data', (part: Buffer) => {
      this.#parts.push(part);
      this.#wake?.();
    });
  }

  get bytes(): Buffer {
    if (this.#parts.length > 1) this.#parts.splice(0, Infinity, Buffer.concat(this.#parts));
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  /** Resolves with the next bytes, with the close, or `withinMs` later; false when there was nothing of the sort. */
  async more(withinMs: number): Promise<boolean> {
    if (this.socket.closed) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, withinMs, false);
    this.#wake = () => { resolve(true); };
    return promise.finally(() => { clearTimeout(timer); });
  }
}

/** Sends inputs that are well framed on as few connections as they take; (S1) */
export async function sendKept(port: number, inputs: readonly Input[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < inputs.length) {
    const left = inputs.slice(outcomes.length);
    const { answers, wrong } = await exchange(port, left);
    answers.forEach((answer, nth) => outcomes.push({ input: left[nth]!, answers: [answer] }));
    if (wrong !== undefined) outcomes.push({ input: left[Math.min(answers.length, left.length - 1)]!, answers: [], wrong });
  }
  return outcomes;
}

async function exchange(port: number, inputs: readonly Input[]): Promise<{ readonly answers: readonly Answer[]; readonly wrong?: string }> {
  const connection = new Connection(port);
  const { socket } = connection;
  socket.write(Buffer.concat(inputs.map(({ bytes }) => bytes)));
  let read: ReadAnswers = readAnswers(connection.bytes);
  let inTime = true;
  while (read.broken === undefined && read.answers.length < inputs.length && !socket.closed && inTime) {
    inTime = await connection.more(ANSWER_MS_MAX);
    read = readAnswers(connection.bytes);
  }
  socket.destroy();
  const { answers, broken } = read;
  if (broken !== undefined) return { answers, wrong: broken };
  if (answers.length > inputs.length || (answers.length === inputs.length && read.isCut)) return { answers: answers.slice(0, inputs.length), wrong: 'more answers than requests' };
  if (answers.length === inputs.length || answers.at(-1)?.headers.get('connection') === 'close') return { answers };
  return { answers, wrong: inTime ? 'the connection was closed before the answer' : `no answer within ${ANSWER_MS_MAX} ms` };
}

/** Sends an input on a connection of its own, whole or in small pieces. (S2) */
export async function sendAlone(port: number, input: Input, chance: Chance): Promise<Outcome> {
  const connection = new Connection(port);
  await write(connection, input.bytes, chance);
  const { socket } = connection;
  const isHead = input.bytes.includes('HEAD ');
  const read = (): ReadAnswers => readAnswers(connection.bytes, () => isHead);
  const needsAnswer = input.codes !== undefined;
  while (!socket.closed && await connection.more(needsAnswer && read().answers.length === 0 ? ANSWER_MS_MAX : QUIET_MS)) continue;
  if (!socket.closed) socket.end();
  while (!socket.closed && await connection.more(ANSWER_MS_MAX)) continue;
  const { answers, broken } = read();
  const wrong = broken ?? (socket.closed ? undefined : 'the connection was left open after the client had closed it');
  socket.destroy();
  return { input, answers, ...(wrong === undefined ? {} : { wrong }) };
}

/** Whole, or in up to eight pieces that arrive one after another. */
async function write({ socket }: Connection, bytes: Buffer, chance: Chance): Promise<void> {
  const pieces = chance.bool(0.3) ? chance.int(2, 8) : 1;
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (pieces > 1) await new Promise(setImmediate);
  }
}

/** Sends an input and is gone: at once, a moment later or with the first answer; with a reset or in order. */
export async function sendCut(port: number, input: Input, chance: Chance): Promise<Outcome> {
  const connection = new Connection(port);
  const { socket } = connection;
  await once(socket, 'connect').catch(() => undefined);
  if (chance.bool(0.3)) socket.pause();
  await write(connection, input.bytes, chance);
  await connection.more(chance.pick([1, 1, 5, 20]));
  if (chance.bool(0.7)) socket.resetAndDestroy();
  else socket.destroy();
  return { input, answers: [] };
}
