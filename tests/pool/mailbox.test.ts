// The mailbox: whatever is said, of whatever size and read whenever, is heard once and in its order.

import { array, assert, boolean, constant, constantFrom, json, nat, oneof, property, record, string, type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HAND_NUMBERS, MAILBOX_BYTES } from '../../src/limits.ts';
import { createMailbox, isLongMessage, MailboxReader, MailboxWriter, NoMessage, WAKE, type ThroughPort } from '../../src/pool/mailbox.ts';
import { AT_ONCE, type FromThread, type ToThread } from '../../src/pool/messages.ts';
import { SETUP_SCOPE } from '../../src/state/inputs.ts';
import { Bench } from './recorder.ts';

/** Both sides in one thread, and the port between them as a list that is taken from later. */
class Pair {
  readonly memory = createMailbox();
  readonly port: ThroughPort[] = [];
  readonly heard: unknown[] = [];
  readonly #writer = new MailboxWriter<FromThread | ToThread>(this.memory, (message) => { this.port.push(message); });
  readonly #reader = new MailboxReader(this.memory);

  say(said: FromThread | ToThread, isUrgent: boolean): void {
    this.#writer.say(said, isUrgent);
  }

  /** One message of the port comes, as an event of its own. */
  receive(): void {
    const message = this.port.shift();
    this.#reader.look();
    if (message === WAKE) this.heard.push(...this.#reader.rest());
    else if (isLongMessage(message)) this.heard.push(...this.#reader.long(message));
  }

  look(): void {
    this.#reader.look();
    this.heard.push(...this.#reader.rest());
  }

  sleep(): boolean {
    return this.#reader.sleep();
  }

  last(): void {
    while (this.port.length > 0) this.receive();
    this.heard.push(...this.#reader.last());
  }
}

const step = oneof(
  { weight: 6, arbitrary: record({ kind: constant('say' as const), size: oneof(nat(200), nat(MAILBOX_BYTES >> 2), nat(2 * MAILBOX_BYTES)), isUrgent: boolean() }) },
  { weight: 3, arbitrary: record({ kind: constantFrom('receive' as const, 'look' as const, 'sleep' as const) }) },
);

const name = constantFrom('orders', 'a', 'orders/42:x@y.-_');
const token = oneof(nat(10), constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
const call = oneof(nat(10), constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1));
const scope = oneof(nat(), constant(SETUP_SCOPE));
/** What has a form of its own, and what comes near to it. */
const message: Arbitrary<FromThread | ToThread> = oneof(
  record({ kind: constant('taskAcquire' as const), call, scope, lock: name }),
  record({ kind: constant('taskAcquire' as const), call, scope, lock: name, ttlMs: nat() }),
  record({ kind: constant('taskRelease' as const), lock: name, fencingToken: token }),
  record({ kind: constant('answer' as const), call, answer: record({ kind: constant('granted' as const), fencingToken: token }) }),
  record({ kind: constant('answer' as const), call, answer: record({ kind: constant('refused' as const), code: name, message: string() }) }),
  record({ kind: constant('orderBegun' as const), number: nat(HAND_NUMBERS - 1) }),
  record({ kind: constant('itemSettled' as const), index: nat(), value: json(), durationMs: nat() }),
  record({ kind: constant('run' as const), batch: name, function: name, call: constantFrom('map' as const, 'starmap' as const), attempt: nat(), items: json(), payloadFirst: nat(), first: nat(), end: nat(), number: oneof(constant(AT_ONCE), nat(HAND_NUMBERS - 1)) }),
  string(),
);

describe('the mailbox', () => {
  test('each kind of message is heard as it was said', () => {
    assert(property(array(message, { maxLength: 50 }), (messages) => {
      const pair = new Pair();
      for (const one of messages) pair.say(one, false);
      pair.last();
      expect(pair.heard).toEqual(messages);
    }));
  });

  test('everything that is said is heard once, in its order, however large and however late it is read', () => {
    assert(property(array(step, { maxLength: 80 }), (steps) => {
      const pair = new Pair();
      const said: string[] = [];
      for (const taken of steps) {
        if (taken.kind === 'say') {
          said.push(`${said.length}:${'ä'.repeat(taken.size / 2)}`);
          pair.say(said.at(-1)!, taken.isUrgent);
        } else {
          pair[taken.kind]();
        }
        expect(pair.heard).toEqual(said.slice(0, pair.heard.length));
      }
      pair.last();
      expect(pair.heard).toEqual(said);
    }), { numRuns: 150 });
  });

  test('a reader that sleeps is woken by the next message, urgent or not, and one that looks only by an urgent one', () => {
    const pair = new Pair();
    pair.say('first', false);
    expect(pair.port).toEqual([WAKE]);
    pair.receive();
    pair.say('second', false);
    expect(pair.port).toEqual([]);
    pair.say('third', true);
    expect(pair.port).toEqual([WAKE]);
    pair.receive();
    expect(pair.sleep()).toBe(true);
    pair.say('fourth', false);
    expect(pair.port).toEqual([WAKE]);
  });

  test('a reader that would sleep over something to read is told so', () => {
    const pair = new Pair();
    pair.look();
    pair.say('said while it looks', false);
    expect(pair.sleep()).toBe(false);
  });

  test('a long message that is to come after more than the mailbox holds is no message', () => {
    const pair = new Pair();
    pair.say('said', true);
    pair.port.push({ after: 2 ** 31 - 1, said: 'never' });
    pair.receive();
    expect(() => pair.receive()).toThrow(NoMessage);
  });

  test('what nobody said is no message', () => {
    const pair = new Pair();
    pair.say('said', true);
    new Uint8Array(pair.memory).fill(0xff, 16);
    new Int32Array(pair.memory)[4] = 3;
    expect(() => pair.last()).toThrow(NoMessage);
  });
});

test('results of a chunk come in the order of its items, small ones and such as do not fit into the mailbox', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  const items = Array.from({ length: 40 }, (_, index) => 'x'.repeat(index % 3 === 0 ? 2 * MAILBOX_BYTES + index : index));
  bench.run(worker, 'echo', items);
  await bench.settled(worker, items.length - 1);
  expect(bench.recorder.all('itemSettled').map(({ index, value }) => [index, value?.length])).toEqual(items.map((item, index) => [index, item.length + 2]));
});
