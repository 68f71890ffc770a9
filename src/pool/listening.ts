// Listening: when the main thread looks into what one worker thread has said.
//
// Owns the looks. Does not own how a message stands in the memory (mailbox.ts), nor what is done with it (handle.ts).
//   N1. A thread that said something goes on to say things: it is looked at every few milliseconds until it has said
//       nothing for a while, and wakes the main thread again from then on.
//   N2. A thread that was granted a lock is looked at in every turn of the loop, for `GRANT_LOOK_MS` or until it says
//       something: mostly that it gives the lock back, and to be woken takes longer than all else of a hand-off. The loop
//       turns meanwhile, and everything else has its turn. Where a thread took longer the last time its task works, and it
//       is not looked at like that, until it has been as quick when it had to wake.

import { GRANT_LOOK_MS, MAILBOX_LOOK_MS } from '../limits.ts';
import { isLongMessage, WAKE, type MailboxReader } from './mailbox.ts';

/** Returns how many messages there were. */
type Hear = (messages: Iterable<unknown>) => number;

export class Listening {
  readonly #mailbox: MailboxReader;
  readonly #hear: Hear;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic; of a grant behind which the thread has said nothing yet. */
  #grantedAt: number | undefined;
  /** Whether it said something within `GRANT_LOOK_MS` behind the grant before. */
  #isQuick = true;
  #isAttending = false;
  #isOver = false;

  constructor(mailbox: MailboxReader, hear: Hear) {
    this.#mailbox = mailbox;
    this.#hear = hear;
  }

  /** A message came through the port. False when it is nothing that a thread posts. */
  receive(message: unknown): boolean {
    if (this.#isOver) return true;
    this.#mailbox.look();
    if (message === WAKE) this.#listen();
    else if (isLongMessage(message)) this.#listen(this.#mailbox.long(message));
    else return false;
    this.#lookLater();
    return true;
  }

  /** The thread was told that it has a lock. (N2) */
  granted(): void {
    this.#grantedAt = performance.now();
    if (!this.#isQuick || this.#isAttending || this.#isOver) return;
    this.#isAttending = true;
    this.#mailbox.attend();
    setImmediate(this.#attend);
  }

  /** Looks no more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** Looks for the last time: the thread has ended, and everything that it has said is there. */
  last(): void {
    this.#listen(this.#mailbox.last());
    this.end();
  }

  #listen(messages: Iterable<unknown> = this.#mailbox.rest()): number {
    if (this.#isOver) return 0;
    const heard = this.#hear(messages);
    if (heard === 0 || this.#grantedAt === undefined) return heard;
    this.#isQuick = performance.now() - this.#grantedAt <= GRANT_LOOK_MS;
    this.#grantedAt = undefined;
    return heard;
  }

  /** (N1) */
  readonly #look = (): void => {
    if (this.#isOver) return;
    if (!this.#isAttending) this.#mailbox.look();
    const heard = this.#listen();
    this.#timer = undefined;
    if (heard > 0 || this.#isAttending || !this.#mailbox.sleep()) this.#lookLater();
  };

  #lookLater(): void {
    if (!this.#isOver) this.#timer ??= setTimeout(this.#look, MAILBOX_LOOK_MS);
  }

  /** (N2) */
  readonly #attend = (): void => {
    if (this.#isOver) return;
    this.#listen();
    if (this.#grantedAt !== undefined && performance.now() - this.#grantedAt <= GRANT_LOOK_MS) {
      setImmediate(this.#attend);
      return;
    }
    this.#isAttending = false;
    this.#mailbox.look();
    this.#listen();
    this.#lookLater();
  };
}
