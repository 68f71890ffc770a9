// Threads: a pool whose threads do what chance says, and now and then what no thread should.
//
// Owns which threads there are and how they end. What a thread does with its items is thread.ts's.
//   H1. Nothing comes from a thread after its end was reported. One that was told to end may take long, or for ever.
//   H2. With the process all threads are gone: no item begins on them, and nothing is heard of them.

import { STUCK_MS } from '../../src/limits.ts';
import type { TaskRunner } from '../../src/pool/runner.ts';
import type { LockAnswer, RunOrder } from '../../src/state/effects.ts';
import type { WorkerReport } from '../../src/state/inputs.ts';
import type { Process } from './process.ts';
import { FUNCTIONS, Thread } from './thread.ts';
import type { World } from './world.ts';

const LETTERS = new TextDecoder();

export class Threads implements TaskRunner {
  readonly #world: World;
  readonly #process: Process;
  readonly #threads = new Map<number, Thread>();
  #isGone = false;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  start(worker: number, setup: { readonly batch: string; readonly attempt: number; readonly text: Uint8Array } | undefined): void {
    const { chance } = this.#world;
    const thread = new Thread(this.#world, worker, (report) => this.#post(worker, report), this.#process);
    this.#threads.set(worker, thread);
    if (this.#isBad(0.1)) {
      this.#world.fault('worker dies');
      return this.#later(chance.next() * 50, () => this.#ended(thread, 'it died while it started'));
    }
    if (this.#isBad(0.02)) return this.#world.fault('worker hangs');
    this.#later(1 + chance.next() * 50, () => {
      if (thread.hasEnded) return;
      this.#post(worker, { kind: 'workerReady', worker, functions: FUNCTIONS, broken: [] });
      if (setup !== undefined) thread.setUp();
    });
  }

  run(worker: number, order: RunOrder, items: Uint8Array): void {
    const thread = this.#threads.get(worker);
    if (thread === undefined || this.#isGone) return;
    const list: { readonly n: number }[] = JSON.parse(LETTERS.decode(items));
    const wrong = list.findIndex((item, at) => (Array.isArray(item) ? (item as { readonly n: number }[])[0]! : item).n !== order.payloadFirst + at);
    if (wrong !== -1) this.#world.judge.complain('tasks', `the payload of ${order.batch} from ${order.payloadFirst} holds another item at ${wrong}`);
    thread.run(order, (why) => this.#die(thread, why));
  }

  takeBack(worker: number, numbers: readonly number[]): void {
    const thread = this.#threads.get(worker);
    if (thread !== undefined) this.#post(worker, { kind: 'ordersTakenBack', worker, numbers: thread.takeBack(numbers) });
  }

  abort(worker: number, batch: string): void {
    this.#threads.get(worker)?.abort(batch);
  }

  /** (H1) */
  end(worker: number): void {
    const thread = this.#threads.get(worker);
    if (thread === undefined) return;
    thread.toldToEnd();
    const { chance } = this.#world;
    const isStuck = this.#isBad(0.3);
    if (isStuck) this.#world.fault('worker cannot be ended');
    this.#later(isStuck ? STUCK_MS + chance.next() * 20_000 : chance.next() * 30, () => this.#ended(thread, 'it was ended'));
  }

  answerLock(worker: number, call: number, answer: LockAnswer): void {
    const thread = this.#threads.get(worker);
    if (thread === undefined) return;
    thread.isTold(call, answer);
    this.#later(this.#world.chance.next() * 0.2, () => thread.hear(call, answer));
  }

  loseLock(worker: number, fencingToken: number): void {
    this.#threads.get(worker)?.lose(fencingToken);
  }

  /** (H2) */
  gone(isOrderly: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const thread of this.#threads.values()) thread.gone(isOrderly);
  }

  close(): Promise<number> {
    return Promise.resolve(0);
  }

  #die(thread: Thread, why: string): void {
    this.#world.fault('worker dies');
    this.#ended(thread, why);
  }

  #ended(thread: Thread, message: string): void {
    if (thread.hasEnded) return;
    thread.end();
    this.#post(thread.worker, { kind: 'workerEnded', worker: thread.worker, message, logs: '' });
    this.#threads.delete(thread.worker);
  }

  #post(worker: number, report: WorkerReport): void {
    if (this.#isGone || !this.#threads.has(worker)) return;
    this.#world.operations++;
    this.#process.post(report);
  }

  #later(ms: number, run: () => void): void {
    this.#world.timeline.after(ms, run, this.#process);
  }

  #isBad(share: number): boolean {
    const { chance, faulty, profile } = this.#world;
    return faulty && chance.bool(profile.badTasks * share);
  }
}
