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
  readonly listening = new Listening(new MailboxReader(this.#memory), (messages) => {
    const told = [...messages];
    this.heard.push(...told);
    return told.length;
  });

  say(said: string): void {
    this.#writer.say(said, true);
  }

  /** What was posted through the port arrives. */
  arrive(): void {
    for (const message of this.port.splice(0)) this.listening.receive(message);
  }

  /** A grant, behind which the thread says something so much later. */
  async grantedThenSaid(said: string, afterMs: number): Promise<void> {
    this.listening.granted();
    now += afterMs;
    await nextTurn();
    await nextTurn();
    this.say(said);
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
