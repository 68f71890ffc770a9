// Mailbox: memory that a thread shares with the main thread, for what the thread says.
//
// Owns the passing of messages and their order. Does not own what they mean (messages.ts, heard.ts).
//   B1. What was said is there to be read however the thread ends afterwards: a result outlives the task behind it.
//   B2. Messages are heard in the order in which they were said. One that finds no room goes through the port, with the
//       place up to which the mailbox is to be read before; nobody reads past that place until it has come.
//   B3. The main thread is woken once for all that is said until it looks, and while it looks every few milliseconds only
//       what is urgent wakes it: a message through a port for each result would cost more than most tasks.
//   B4. No code of a task knows of the memory; if it came to write there, what is no message ends its thread.

import { addAtomic, byteLength, encodeInto, exchangeAtomic, loadAtomic, OwnBytes, storeAtomic, stringifyJson } from './intrinsics.ts';
import { MAILBOX_BYTES } from '../limits.ts';
import type { FromThread } from './messages.ts';

/** Says through the port that there is something to read. */
export const WAKE = true;

/** A message that found no room. `after`: up to where the mailbox is to be read before it. (B2) */
export interface LongMessage {
  readonly after: number;
  readonly said: FromThread;
}

export type ThroughPort = typeof WAKE | LongMessage;

/** Numbers in front of the messages: how far was written and read (both modulo 2^32), whether the reader sleeps, how many long messages there were. */
const WRITTEN = 0;
const READ = 1;
const READER = 2;
const LONG = 3;
/** The reader hears of nothing by itself; looks every few milliseconds; or was told that something is urgent. */
const ASLEEP = 0;
const LOOKING = 1;
const CALLED = 2;
const HEAD_BYTES = 16;
const LENGTH_BYTES = 4;
/** In the place of a length: the next message stands at the beginning. */
const WRAPPED = -1;

export function createMailbox(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + MAILBOX_BYTES);
}

function viewsOf(memory: SharedArrayBuffer): { readonly head: Int32Array; readonly lengths: Int32Array } {
  return { head: new Int32Array(memory, 0, HEAD_BYTES / 4), lengths: new Int32Array(memory, HEAD_BYTES) };
}

/** Lengths stand at multiples of four. */
function sizeOf(textBytes: number): number {
  return LENGTH_BYTES + ((textBytes + 3) & ~3);
}

/** The thread's side. */
export class MailboxWriter {
  readonly #memory: SharedArrayBuffer;
  readonly #views: ReturnType<typeof viewsOf>;
  readonly #post: (message: ThroughPort) => void;
  #written = 0;

  constructor(memory: SharedArrayBuffer, post: (message: ThroughPort) => void) {
    this.#memory = memory;
    this.#views = viewsOf(memory);
    this.#post = post;
  }

  /** `isUrgent`: somebody waits for it; otherwise it may be heard some milliseconds later. (B3) */
  say(said: FromThread, isUrgent: boolean): void {
    const { head } = this.#views;
    if (isPlain(said) && this.#write(stringifyJson(said))) {
      if (isUrgent) {
        if (exchangeAtomic(head, READER, CALLED) !== CALLED) this.#post(WAKE);
      } else if (loadAtomic(head, READER) === ASLEEP) {
        storeAtomic(head, READER, LOOKING);
        this.#post(WAKE);
      }
    } else {
      addAtomic(head, LONG, 1);
      this.#post({ after: this.#written, said });
    }
  }

  /** False when there is no room. A message stands in one piece: one that does not fit before the end stands at the beginning. */
  #write(text: string): boolean {
    const { head, lengths } = this.#views;
    const textBytes = byteLength(text);
    const size = sizeOf(textBytes);
    const free = MAILBOX_BYTES - ((this.#written - loadAtomic(head, READ)) | 0);
    let start = this.#written & (MAILBOX_BYTES - 1);
    const skipped = start + size > MAILBOX_BYTES ? MAILBOX_BYTES - start : 0;
    if (skipped + size > free) return false;
    if (skipped > 0) {
      lengths[start / LENGTH_BYTES] = WRAPPED;
      start = 0;
    }
    lengths[start / LENGTH_BYTES] = textBytes;
    encodeInto(text, new OwnBytes(this.#memory, HEAD_BYTES + start + LENGTH_BYTES, textBytes));
    this.#written = (this.#written + skipped + size) | 0;
    storeAtomic(head, WRITTEN, this.#written);
    return true;
  }
}

/** A task may have given every object a `toJSON`, which would be asked for this one: such messages are cloned, through the port. */
function isPlain(said: FromThread): boolean {
  return typeof said === 'string' || !('toJSON' in said || 'toJSON' in NO_MEMBERS);
}

const NO_MEMBERS: readonly never[] = [];

/** The main thread's side. */
export class MailboxReader {
  readonly #views: ReturnType<typeof viewsOf>;
  readonly #bytes: Buffer;
  #read = 0;
  #long = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#views = viewsOf(memory);
    this.#bytes = Buffer.from(memory, HEAD_BYTES);
  }

  /** Everything that was said, up to a long message that has not come. Throws `NoMessage`. (B2) */
  *rest(): Generator {
    const { head } = this.#views;
    storeAtomic(head, READER, LOOKING);
    // In this order: what was written behind a long message is not seen before that message is.
    const written = loadAtomic(head, WRITTEN);
    if (loadAtomic(head, LONG) === this.#long) yield* this.#to(written);
  }

  /** The reader looks no longer. False when there is something to read all the same. (B3) */
  sleep(): boolean {
    const { head } = this.#views;
    storeAtomic(head, READER, ASLEEP);
    return loadAtomic(head, WRITTEN) === this.#read;
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
    return this.#to(loadAtomic(this.#views.head, WRITTEN));
  }

  *#to(end: number): Generator {
    const { head, lengths } = this.#views;
    if (((end - this.#read) | 0) > MAILBOX_BYTES) throw new NoMessage();
    while (((end - this.#read) | 0) > 0) {
      const start = this.#read & (MAILBOX_BYTES - 1);
      const textBytes = lengths[start / LENGTH_BYTES]!;
      if (textBytes === WRAPPED) {
        this.#read = (this.#read + MAILBOX_BYTES - start) | 0;
        continue;
      }
      if (textBytes < 0 || textBytes > MAILBOX_BYTES || start + sizeOf(textBytes) > MAILBOX_BYTES) throw new NoMessage();
      const said = messageOf(this.#bytes.toString('utf8', start + LENGTH_BYTES, start + LENGTH_BYTES + textBytes));
      this.#read = (this.#read + sizeOf(textBytes)) | 0;
      storeAtomic(head, READ, this.#read);
      yield said;
    }
  }
}

/** The mailbox holds what nobody said. (B4) */
export class NoMessage extends Error {
  override readonly name = 'NoMessage';
}

function messageOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoMessage('', { cause: error });
  }
}

/** A long message as it comes in, before anybody looked at what it says. */
export type Heard = Pick<LongMessage, 'after'> & { readonly said: unknown };

export function isLongMessage(message: unknown): message is Heard {
  return typeof message === 'object' && message !== null && 'after' in message && Number.isInteger(message.after) && 'said' in message;
}
