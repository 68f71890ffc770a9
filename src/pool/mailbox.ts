// Mailbox: memory that two threads share, for what one of them says to the other.
//
// Owns the passing of messages and their order, in either direction. Does not own how a message stands in the memory
// (frames.ts) nor what it means (messages.ts, heard.ts).
//   B1. What was said is there to be read however its thread ends afterwards: a result outlives the task behind it.
//   B2. Messages are heard in the order in which they were said. One that finds no room goes through the port, with the
//       place up to which the mailbox is to be read before; nobody reads past that place until it has come.
//   B3. The reader is woken once for all that is said until it looks, and while it looks every few milliseconds only
//       what is urgent wakes it, while it looks all the time nothing: a message through a port for each result would cost
//       more than most tasks.
//   B4. No code of a task knows of the memory; if it came to write there, what is no message ends its thread.

import { MAILBOX_BYTES } from '../limits.ts';
import { frameBytes, isPlain, readFrame, writeFrame } from './frames.ts';
import { addAtomic, exchangeAtomic, loadAtomic, notifyAtomic, storeAtomic, waitAtomic } from './intrinsics.ts';
import type { FromThread, ToThread } from './messages.ts';

/** Says through the port that there is something to read. */
export const WAKE = true;

/** A message that found no room. `after`: up to where the mailbox is to be read before it. (B2) */
export interface LongMessage {
  readonly after: number;
  readonly said: FromThread | ToThread;
}

export type ThroughPort = typeof WAKE | LongMessage;

/** Numbers in front of the messages: how far was written and read (both modulo 2^32), what the reader does, how many long messages there were. */
const WRITTEN = 0;
const READ = 1;
const READER = 2;
const LONG = 3;
/** The reader hears of nothing by itself; looks every few milliseconds; was told that something is urgent, or looks all the time; or does nothing but wait. */
const ASLEEP = 0;
const LOOKING = 1;
const CALLED = 2;
const BLOCKED = 3;
const HEAD_BYTES = 16;

export function createMailbox(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + MAILBOX_BYTES);
}

/** The side of who speaks. */
export class MailboxWriter<Said extends FromThread | ToThread> {
  readonly #head: Int32Array;
  readonly #bytes: Buffer;
  readonly #numbers: Int32Array;
  readonly #post: (message: ThroughPort) => void;
  #written = 0;

  constructor(memory: SharedArrayBuffer, post: (message: ThroughPort) => void) {
    this.#head = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.#numbers = new Int32Array(memory, HEAD_BYTES);
    this.#bytes = Buffer.from(memory, HEAD_BYTES);
    this.#post = post;
  }

  /** `isUrgent`: somebody waits for it; otherwise it may be heard some milliseconds later. (B3) */
  say(said: Said, isUrgent: boolean): void {
    if (isPlain(said) && this.#write(said)) return this.#wake(isUrgent);
    addAtomic(this.#head, LONG, 1);
    this.#post({ after: this.#written, said });
    if (exchangeAtomic(this.#head, READER, CALLED) === BLOCKED) notifyAtomic(this.#head, READER);
  }

  #wake(isUrgent: boolean): void {
    const head = this.#head;
    if (isUrgent) {
      const reader = exchangeAtomic(head, READER, CALLED);
      if (reader === BLOCKED) notifyAtomic(head, READER);
      else if (reader !== CALLED) this.#post(WAKE);
    } else if (loadAtomic(head, READER) === ASLEEP) {
      storeAtomic(head, READER, LOOKING);
      this.#post(WAKE);
    }
  }

  /** False when there is no room. */
  #write(said: Said): boolean {
    const free = MAILBOX_BYTES - ((this.#written - loadAtomic(this.#head, READ)) | 0);
    const taken = writeFrame(this.#bytes, this.#numbers, this.#written & (MAILBOX_BYTES - 1), free, said);
    if (taken === 0) return false;
    this.#written = (this.#written + taken) | 0;
    storeAtomic(this.#head, WRITTEN, this.#written);
    return true;
  }
}

/** The side of who listens. */
export class MailboxReader {
  readonly #head: Int32Array;
  readonly #bytes: Buffer;
  readonly #numbers: Int32Array;
  #read = 0;
  #long = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#head = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.#numbers = new Int32Array(memory, HEAD_BYTES);
    this.#bytes = Buffer.from(memory, HEAD_BYTES);
  }

  /** Whether all that was said was read. */
  get isEmpty(): boolean {
    return loadAtomic(this.#head, WRITTEN) === this.#read;
  }

  /** The reader looks for itself every few milliseconds from here on. (B3) */
  look(): void {
    storeAtomic(this.#head, READER, LOOKING);
  }

  /** The reader looks in every turn of its loop from here on, and nothing wakes it. (B3) */
  attend(): void {
    storeAtomic(this.#head, READER, CALLED);
  }

  /** Everything that was said, up to a long message that has not come. Throws `NoMessage`. (B2) */
  *rest(): Generator {
    // In this order: what was written behind a long message is not seen before that message is.
    const written = loadAtomic(this.#head, WRITTEN);
    if (loadAtomic(this.#head, LONG) === this.#long) yield* this.#to(written);
  }

  /** The reader looks no longer, and is woken by what is said from here on. False when there is something to read already. (B3) */
  sleep(): boolean {
    storeAtomic(this.#head, READER, ASLEEP);
    return this.isEmpty;
  }

  /** Does nothing until something is said, `ms` at the longest. */
  block(ms: number): void {
    storeAtomic(this.#head, READER, BLOCKED);
    if (this.isEmpty && loadAtomic(this.#head, LONG) === this.#long) waitAtomic(this.#head, READER, BLOCKED, ms);
  }

  /** A long message, after what was said before it. */
  *long({ after, said }: Heard): Generator {
    yield* this.#to(after);
    this.#long += 1;
    yield said;
    yield* this.rest();
  }

  /** Everything that an ended thread has said and that was not read. */
  last(): Generator {
    return this.#to(loadAtomic(this.#head, WRITTEN));
  }

  *#to(end: number): Generator {
    if (((end - this.#read) | 0) > MAILBOX_BYTES) throw new NoMessage();
    while (((end - this.#read) | 0) > 0) {
      const start = this.#read & (MAILBOX_BYTES - 1);
      const taken = frameBytes(this.#numbers, start);
      if (taken === 0 || taken > ((end - this.#read) | 0)) throw new NoMessage();
      const said = messageAt(this.#bytes, this.#numbers, start);
      this.#read = (this.#read + taken) | 0;
      storeAtomic(this.#head, READ, this.#read);
      if (said !== undefined) yield said;
    }
  }
}

/** The mailbox holds what nobody said. (B4) */
export class NoMessage extends Error {
  override readonly name = 'NoMessage';
}

function messageAt(bytes: Buffer, numbers: Int32Array, start: number): unknown {
  try {
    return readFrame(bytes, numbers, start);
  } catch (error) {
    throw new NoMessage('', { cause: error });
  }
}

/** A long message as it comes in, before anybody looked at what it says. */
export type Heard = Pick<LongMessage, 'after'> & { readonly said: unknown };

export function isLongMessage(message: unknown): message is Heard {
  return typeof message === 'object' && message !== null && 'after' in message && Number.isInteger(message.after) && 'said' in message;
}
