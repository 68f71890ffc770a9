// Listening: when the main thread looks into a mailbox, and what has to wake it. The clock is the test's; the loop is real.

import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GRANT_LOOK_MS, MAILBOX_LOOK_MS } from '../../src/limits.ts';
import { Listening } from '../../src/pool/listening.ts';
import { createMailbox, MailboxReader, MailboxWriter, WAKE, type ThroughPort } from '../../src/pool/mailbox.ts';
import type { FromThread } from '../../src/pool/messages.ts';

let now = 0;
beforeEach(() => { vi.spyOn(performance, 'now').mockImplementation(() => now); });
afterEach(() => { vi.restoreAllMocks(); });

/** A thread's side of a mailbox, and the port as a list that is taken from later. */
class Listened implements Disposable {
  readonly port: ThroughPort[] = [];
  readonly heard: unknown[] = [];
  readonly #memory = createMailbox();
  readonly #writer = new MailboxWriter<FromThread>(this.#memory, (message) => { this.port.push(message); });
  /** Called with each message that is heard, and behind each look with how many there were. */
  hears: (message: unknown) => void = () => undefined;
  looked: (heard: number) => void = () => undefined;
  readonly listening = new Listening(new MailboxReader(this.#memory), (messages) => {
    let count = 0;
    for (const message of messages) {
      this.heard.push(message);
      this.hears(message);
      count += 1;
    }
    this.looked(count);
    return count;
  });

  say(said: string, isUrgent = true): void {
    this.#writer.say(said, isUrgent);
  }

  /** What was posted through the port arrives. */
  arrive(): void {
    for (const message of this.port.splice(0)) this.listening.receive(message);
  }

  /** A grant, behind which the thread says something so much later. */
  async grantedThenSaid(said: string, afterMs: number, say = (): void => this.say(said)): Promise<void> {
    this.listening.granted();
    now += afterMs;
    await nextTurn();
    await nextTurn();
    say();
  }

  [Symbol.dispose](): void {
    this.listening.end();
  }
}

describe('a thread that was granted a lock', () => {
  test('is heard without waking anybody when it says something at once', async () => {
    using thread = new Listened();
    await thread.grantedThenSaid('released', GRANT_LOOK_MS / 2);
    await nextTurn();
    expect(thread.port).toEqual([]);
    expect(thread.heard).toEqual(['released']);
  });

  test('wakes the main thread when it says something later', async () => {
    using thread = new Listened();
    await thread.grantedThenSaid('released', 2 * GRANT_LOOK_MS);
    expect(thread.port).toEqual([WAKE]);
    thread.arrive();
    expect(thread.heard).toEqual(['released']);
  });

  test('is not looked at all the time when it was slow the last time, until it was quick once', async () => {
    using thread = new Listened();
    await thread.grantedThenSaid('slow', 2 * GRANT_LOOK_MS);
    thread.arrive();
    await thread.grantedThenSaid('quick', GRANT_LOOK_MS / 2);
    expect(thread.port).toEqual([WAKE]);
    thread.arrive();
    await thread.grantedThenSaid('quick again', GRANT_LOOK_MS / 2);
    await nextTurn();
    expect(thread.port).toEqual([]);
    expect(thread.heard).toEqual(['slow', 'quick', 'quick again']);
  });

  test('is heard in its order when a long message goes through the port meanwhile', async () => {
    using thread = new Listened();
    thread.listening.granted();
    const long = 'x'.repeat(2 ** 20);
    for (const said of ['first', long, 'last']) thread.say(said);
    await nextTurn();
    expect(thread.heard).toEqual([]);
    thread.arrive();
    expect(thread.heard).toEqual(['first', long, 'last']);
  });
});

describe('what is not urgent', () => {
  test('is heard a little later when it is said behind a grant that was not answered at once', async () => {
    using thread = new Listened();
    await thread.grantedThenSaid('nothing', 2 * GRANT_LOOK_MS, () => thread.say('a print', false));
    expect(thread.heard).toEqual([]);
    while (thread.heard.length === 0) await delay(MAILBOX_LOOK_MS);
    expect([thread.heard, thread.port]).toEqual([['a print'], []]);
  });

  test('is heard when it is said behind the last look and before the rest', async () => {
    using thread = new Listened();
    thread.say('first');
    thread.arrive();
    thread.looked = (heard) => { if (heard === 0 && thread.heard.length === 1) thread.say('second', false); };
    while (thread.heard.length < 2) await delay(MAILBOX_LOOK_MS);
    expect([thread.heard, thread.port]).toEqual([['first', 'second'], []]);
  });

  test('wakes nobody while the thread goes on to say things', async () => {
    using thread = new Listened();
    thread.say('first');
    thread.arrive();
    thread.say('second', false);
    thread.looked = (heard) => { if (heard > 0 && thread.heard.length === 2) setImmediate(() => thread.say('third', false)); };
    while (thread.heard.length < 3) await delay(MAILBOX_LOOK_MS);
    expect([thread.heard, thread.port]).toEqual([['first', 'second', 'third'], []]);
  });
});

test('what is said while the last look behind a grant is taken is heard in the same turn', async () => {
  using thread = new Listened();
  thread.hears = (message) => { if (message === 'released') thread.say('acquires again'); };
  await thread.grantedThenSaid('released', 0);
  await nextTurn();
  expect([thread.heard, thread.port]).toEqual([['released', 'acquires again'], []]);
});

test('a thread that talks, and is looked at every few milliseconds, has to wake nobody behind a grant either', async () => {
  using thread = new Listened();
  thread.say('first');
  thread.arrive();
  thread.listening.granted();
  // Its time stands still, and the looks of before go on.
  await delay(5 * MAILBOX_LOOK_MS);
  thread.say('released');
  await nextTurn();
  await nextTurn();
  expect([thread.heard, thread.port]).toEqual([['first', 'released'], []]);
});

test('of a thread that said what none says nothing more is heard, not even what stands behind it', async () => {
  using thread = new Listened();
  thread.hears = (message) => { if (message === 'bad') thread.listening.end(); };
  thread.listening.granted();
  thread.say('bad');
  await nextTurn();
  thread.say('behind');
  await nextTurn();
  thread.listening.last();
  expect(thread.heard).toEqual(['bad']);
});

test('a grant to a thread that has ended begins no looking', async () => {
  using thread = new Listened();
  thread.listening.end();
  thread.listening.granted();
  thread.say('late');
  await nextTurn();
  expect([thread.heard, thread.port]).toEqual([[], [WAKE]]);
});

test('a thread that says nothing for a while is not looked at any more, and wakes the main thread', async () => {
  using thread = new Listened();
  thread.say('first');
  thread.arrive();
  await delay(10 * MAILBOX_LOOK_MS);
  thread.say('second');
  expect(thread.port).toEqual([WAKE]);
});

test('what no thread posts is told apart', () => {
  using thread = new Listened();
  expect(thread.listening.receive('anything')).toBe(false);
});

test('a thread that ended is heard to its last word, and then no more', () => {
  using thread = new Listened();
  thread.say('the last word');
  thread.listening.last();
  expect(thread.heard).toEqual(['the last word']);
  thread.say('behind the end');
  thread.arrive();
  expect(thread.heard).toEqual(['the last word']);
});
