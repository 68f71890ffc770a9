// One worker thread as the main thread sees it.
//
// Owns the thread's life, and the prints of its running item until they can be told with its result or its end.
//   H1. The end is reported once, after everything that the thread posted until then.
//   H2. A thread sees no variable of the service (HOLDFAST_…), among which are its secrets.
//   H3. A thread that says what no thread says, or can say nothing more, is ended: its port was in a task's hands.

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { LOGS_BYTES_MAX, WORKER_HEAP_MIB_MAX } from '../limits.ts';
import type { ItemResult } from '../state/inputs.ts';
import { errorLine } from './errors.ts';
import { createHand, Hand } from './hand.ts';
import { isFromThread } from './heard.ts';
import { Listening } from './listening.ts';
import { createMailbox, MailboxReader, MailboxWriter, NoMessage } from './mailbox.ts';
import { AT_ONCE, type FromThread, type ItemSettled, type RunMessage, type ThreadBirth, type ToThread } from './messages.ts';
import type { ReportWorker } from './runner.ts';

/** Loads thread.ts, in the built service thread.js, with what was compiled of it before. */
const ENTRY = new URL('../../bin/thread.js', import.meta.url);

export class ThreadHandle {
  readonly number: number;
  readonly #report: ReportWorker;
  readonly #port: MessagePort;
  readonly #listening: Listening;
  readonly #orders: MailboxWriter<ToThread>;
  readonly #hand: Hand;
  readonly #thread: Worker;
  #logs = '';
  #endReason: string | undefined;
  #asked = false;

  /** Throws when the system gives no thread. */
  constructor(number: number, birth: Omit<ThreadBirth<MessagePort>, 'port' | 'mailbox' | 'orders' | 'hand'>, report: ReportWorker) {
    const { port1, port2 } = new MessageChannel();
    const mailbox = createMailbox();
    const orders = createMailbox();
    const hand = createHand();
    this.number = number;
    this.#report = report;
    this.#port = port1;
    this.#listening = new Listening(new MailboxReader(mailbox), (messages) => this.#hear(messages));
    this.#hand = new Hand(hand);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
    this.#orders = new MailboxWriter(orders, (message) => port1.postMessage(message));
    this.#thread = new Worker(ENTRY, {
      workerData: { ...birth, port: port2, mailbox, orders, hand } satisfies ThreadBirth<MessagePort>,
      transferList: [port2],
      name: `worker ${number}`,
      argv: [],
      env: environment(),
      // What native code or Node itself prints there is not a task's; it is read and dropped.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB_MAX },
    });
    this.#thread.stdout.resume();
    this.#thread.stderr.resume();
    this.#port.on('message', (message: unknown) => this.#receive(message));
    // Also closed by a thread that ends by itself, which then says why: no reason is given here. (H3)
    this.#port.on('close', () => void this.#thread.terminate());
    this.#thread.on('error', (error: unknown) => this.#explain(failureText(error)));
    this.#thread.on('exit', (code) => this.#ended(code));
  }

  post(message: ToThread): void {
    this.#orders.say(message, true);
    if (message.kind === 'answer' && message.answer.kind === 'granted') this.#listening.granted();
  }

  run(message: RunMessage): void {
    const { number } = message;
    if (number !== AT_ONCE) this.#hand.give(number);
    this.post(message);
  }

  /** Returns those that will not begin. */
  takeBack(numbers: readonly number[]): readonly number[] {
    return numbers.filter((number) => this.#hand.claim(number));
  }

  /**
   * Ends the thread, also one that spins; resolves when it has ended. It begins nothing more. The first reason is the one
   * that is reported.
   */
  async end(reason: string): Promise<void> {
    this.#explain(reason);
    this.#hand.claimAll();
    await this.#thread.terminate();
  }

  /** Bytes of JavaScript objects and buffers; undefined when the thread did not answer yet or has ended. */
  async memoryBytes(): Promise<number | undefined> {
    if (this.#asked) return undefined;
    this.#asked = true;
    try {
      const heap = await this.#thread.getHeapStatistics();
      return heap.used_heap_size + heap.external_memory;
    } catch {
      return undefined;
    } finally {
      this.#asked = false;
    }
  }

  /** (H3) */
  #receive(message: unknown): void {
    if (!this.#listening.receive(message)) this.#refuse();
  }

  /** Returns how many messages there were. */
  #hear(messages: Iterable<unknown>): number {
    let heard = 0;
    const results: ItemResult[] = [];
    try {
      for (const message of messages) {
        if (!isFromThread(message)) throw new NoMessage();
        heard += 1;
        if (typeof message === 'string') this.#print(message);
        else if (message.kind === 'itemSettled') results.push(this.#result(message));
        else {
          this.#tell(results);
          this.#heard(message);
        }
      }
      this.#tell(results);
    } catch (error) {
      if (!(error instanceof NoMessage)) throw error;
      this.#tell(results);
      this.#refuse();
    }
    return heard;
  }

  #result({ index, value, error, durationMs }: ItemSettled): ItemResult {
    return { index, value, error, durationMs: wholeMs(durationMs), logs: this.#takeLogs() };
  }

  /** Items that ended behind one another are told together: each by itself would cost the main thread more than most tasks. */
  #tell(results: ItemResult[]): void {
    if (results.length > 0) this.#report({ kind: 'itemsSettled', worker: this.number, results: results.splice(0) });
  }

  #refuse(): void {
    this.#listening.end();
    void this.end('the worker posted what is no message');
  }

  #heard(message: Exclude<FromThread, string | ItemSettled>): void {
    if (message.kind === 'fatal') return this.#explain(message.message);
    if (message.kind === 'setupSettled') this.#takeLogs();
    this.#report({ ...message, worker: this.number });
  }

  /** What a thread prints is within the bound; more than that was posted by other means. */
  #print(text: string): void {
    if (this.#logs.length + text.length <= LOGS_BYTES_MAX) this.#logs += text;
  }

  #takeLogs(): string {
    const logs = this.#logs;
    this.#logs = '';
    return logs;
  }

  #explain(reason: string): void {
    this.#endReason ??= reason;
  }

  #ended(code: number): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message);
    }
    this.#listening.last();
    this.#port.close();
    this.#report({ kind: 'workerEnded', worker: this.number, message: this.#endReason ?? `the worker exited with code ${code}`, logs: this.#takeLogs() });
  }
}

function wholeMs(durationMs: number): number {
  return Number.isFinite(durationMs) ? Math.max(0, Math.round(durationMs)) : 0;
}

function failureText(error: unknown): string {
  const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return outOfMemory ? 'the worker ran out of memory' : `uncaught: ${errorLine(error)}`;
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_')));
}
