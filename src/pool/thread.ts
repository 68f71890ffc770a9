// The entry of a worker thread: loads the functions, runs the setup, then does what the main thread says.
//
// Owns the wiring of the thread's parts and what happens to an error that no code caught: the thread says so and ends,
// because nobody knows what state it left behind.
//   T1. The port and the shared memory are in no task's reach: they are taken out of `workerData`, which every module can import.

import { flushCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { THREAD_WAIT_MS } from '../limits.ts';
import { Calls } from './calls.ts';
import { errorLine } from './errors.ts';
import { Hand } from './hand.ts';
import { loadFunctions } from './load.ts';
import { atNextTurn } from './intrinsics.ts';
import { isLongMessage, MailboxReader, MailboxWriter } from './mailbox.ts';
import type { FromThread, PostFromThread, ThreadBirth, ToThread } from './messages.ts';
import { capturePrints } from './prints.ts';
import { runOutside } from './scopes.ts';
import { TaskLocks } from './task-locks.ts';

const birth: ThreadBirth<MessagePort> = workerData;
const { port, mailbox, orders, hand, functionsDir, setup } = birth;
for (const name of ['port', 'mailbox', 'orders', 'hand']) Reflect.deleteProperty(workerData, name);
const exit = process.exit.bind(process);
const writer = new MailboxWriter<FromThread>(mailbox, port.postMessage.bind(port));
const told = new MailboxReader(orders);
const given = new Hand(hand);
const post: PostFromThread = (message, isUrgent = true) => writer.say(message, isUrgent);

function endWith(message: string): void {
  post({ kind: 'fatal', message });
  exit(1);
}

process.on('uncaughtException', (error) => endWith(`uncaught: ${errorLine(error)}`));
process.on('unhandledRejection', (reason) => endWith(`unhandled rejection: ${errorLine(reason)}`));
capturePrints((text) => post(text, false));

const locks = new TaskLocks(post, awaitSoon);
// Listening keeps the thread alive while a module loads; orders come only after the thread has said that it is ready.
let calls: Calls | undefined;
let isAwaitingSoon = false;
port.on('message', (message: unknown) => {
  told.sleep();
  obey(isLongMessage(message) ? told.long(message) : told.rest());
});

function hear(): void {
  if (!told.isEmpty) obey(told.rest());
}

function obey(messages: Iterable<unknown>): void {
  for (const message of messages) {
    if (!isToThread(message)) continue;
    switch (message.kind) {
      case 'run':
        calls?.run(message);
        break;
      case 'abort':
        calls?.abort(message.batch, message.reason);
        break;
      case 'answer':
        locks.answer(message.call, message.answer);
        break;
      case 'lose':
        locks.lose(message.fencingToken, message.reason);
        break;
    }
  }
}

/** The main thread is on the other side, and says nothing else. */
function isToThread(message: unknown): message is ToThread {
  return typeof message === 'object' && message !== null && 'kind' in message;
}

function awaitMore(): void {
  told.block(THREAD_WAIT_MS);
  told.sleep();
  obey(told.rest());
}

/** Behind what runs now, and once for all that asks until then. */
function awaitSoon(): void {
  if (isAwaitingSoon) return;
  isAwaitingSoon = true;
  runOutside(() => atNextTurn(() => {
    isAwaitingSoon = false;
    awaitMore();
  }));
}

const { callable, functions, broken } = await loadFunctions(functionsDir);
calls = new Calls(callable, locks, { post, hear, await: awaitMore, claim: (number) => given.claim(number) });
post({ kind: 'workerReady', functions, broken });
// A thread is mostly ended from outside, and would keep nothing of what it compiled.
flushCompileCache();
if (setup !== undefined) calls.setUp(setup.batch, setup.attempt, setup.text);
