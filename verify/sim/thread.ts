// Thread: what runs on one worker: an initializer, then items, each with the locks that it takes.
//
//   W1. Items of an order run one after another, and behind them those of the orders in its hand. What each came to is known
//       outside before the next begins, and may be told a moment later with those behind it, the begin of an order like the
//       end of an item; nothing else is told between them, and the end of the thread not before.
//   W2. A task may be sure of a lock from the answer until it releases it, it is told that it lost it, or it ends.

import { SETUP_SCOPE } from '../../src/state/inputs.ts';
import type { FunctionInfo, ItemResult, TaskError, WorkerReport } from '../../src/state/inputs.ts';
import type { LockAnswer, RunOrder } from '../../src/state/effects.ts';
import type { Begun } from './checkers/tasks.ts';
import type { Process } from './process.ts';
import { logBetween } from './profile.ts';
import type { World } from './world.ts';

export const FUNCTIONS: readonly FunctionInfo[] = ['work', 'prepare'].map((name) => ({ name, description: '', module: 'sim.js' }));
const BOOM: TaskError = { name: 'Error', message: 'boom', kind: 'error' };
/** For how long after it was told to end a thread's locks cannot have been given to others, slow commits apart. */
const SURE_AFTER_END_MS = 1_500;
const ITEM_MS_MAX = 400;
/** How long a result may wait for others to be told with. */
const TELL_MS_MAX = 3;

export class Thread {
  readonly worker: number;
  hasEnded = false;
  readonly #world: World;
  readonly #process: Process;
  readonly #report: (report: WorkerReport) => void;
  readonly #calls = new Map<number, { readonly lock: string; readonly mark: number; readonly arrival: number; readonly heard: (answer: LockAnswer) => void }>();
  readonly #held = new Map<number, string>();
  #call = 0;
  #scope: number | undefined;
  /** Rises with each begin and end of a scope: what was planned for another one is not done. */
  #run = 0;
  #order: RunOrder | undefined;
  #hand: RunOrder[] = [];
  #begun: Begun | undefined;
  /** What waits to be told together. (W1) */
  #untold: WorkerReport[] = [];
  /** What it has begun since it was idle. */
  #ran: { readonly begun: Begun; readonly batch: string; readonly index: number }[] = [];
  #isStopped = false;
  #wasTold = false;
  #die: (why: string) => void = () => {};

  constructor(world: World, worker: number, post: (report: WorkerReport) => void, process: Process) {
    this.#world = world;
    this.worker = worker;
    this.#report = post;
    this.#process = process;
  }

  setUp(): void {
    this.#scope = SETUP_SCOPE;
    this.#behave(() => {
      const error = this.#isBad(0.5) ? { ...BOOM, kind: 'initializer' as const } : undefined;
      this.#leave();
      this.#post({ kind: 'setupSettled', worker: this.worker, error });
    });
  }

  run(order: RunOrder, die: (why: string) => void): void {
    this.#die = die;
    if (order.number !== undefined && (this.#order !== undefined || this.#hand.length > 0)) {
      this.#hand.push(order);
      return;
    }
    if (this.#order !== undefined) this.#world.judge.complain('tasks', `worker ${this.worker} was told to run items of ${order.batch} at once, and runs some of ${this.#order.batch}`);
    this.#ran = [];
    this.#beginOrder(order);
  }

  /** Those that have not begun. */
  takeBack(numbers: readonly number[]): readonly number[] {
    const back = this.#hand.filter(({ number }) => number !== undefined && numbers.includes(number));
    this.#hand = this.#hand.filter((order) => !back.includes(order));
    return back.map(({ number }) => number!);
  }

  abort(batch: string): void {
    if (this.#order?.batch !== batch) return;
    this.#isStopped = true;
    const { chance } = this.#world;
    const { scope, run } = { scope: this.#scope, run: this.#run };
    if (scope === undefined || scope < 0 || this.#isBad(0.5)) return;
    this.#later(chance.next() * 50, () => { if (this.#run === run) this.#settle(scope, { error: { ...BOOM, kind: 'cancelled' } }); });
  }

  toldToEnd(): void {
    this.#wasTold = true;
    this.#hand = [];
    const { holds, profile, timeline } = this.#world;
    for (const token of this.#held.keys()) {
      if (profile.slowCommits > 0) holds.letGo(token);
      else holds.shortens(token, timeline.now + SURE_AFTER_END_MS);
    }
    this.#letGo();
  }

  /**
   * Given up or ended: its items are not its own any more. One behind an item of the same chunk that was over its time is run
   * again, even if this thread, which had not heard of that yet, went on to it. Of one that was given up before it heard of
   * anything nobody knows any more which chunk that was.
   */
  #letGo(): void {
    const { chunks, workers } = this.#process.state;
    const row = workers.get(String(this.worker));
    const chunk = chunks.get(row?.chunk ?? '');
    for (const { begun, batch, index } of this.#ran) {
      begun.isOver = true;
      if (row?.state === 'stuck' || (batch === chunk?.batch && index >= chunk.first && index < chunk.end)) begun.mayRepeat = true;
    }
  }

  end(): void {
    this.#tell();
    this.hasEnded = true;
    this.#leave();
    this.#letGo();
  }

  gone(isOrderly: boolean): void {
    this.hasEnded = true;
    this.#leave();
    if (this.#begun !== undefined && isOrderly) this.#begun.mayRepeat = true;
  }

  /** The service sends an answer: the moment in which it says that the lock is held. */
  isTold(number: number, answer: LockAnswer): void {
    const call = this.#calls.get(number);
    if (call === undefined || answer.kind !== 'granted') return;
    const { holds, tokens, line, timeline } = this.#world;
    const { lock, mark, arrival } = call;
    holds.written(lock, answer.fencingToken, timeline.now);
    tokens.seen(`task of arrival ${arrival}`, answer.fencingToken, mark);
    line.granted(lock, arrival, answer.fencingToken);
  }

  hear(number: number, answer: LockAnswer): void {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    if (call !== undefined && !this.hasEnded) call.heard(answer);
  }

  lose(token: number): void {
    this.#world.holds.letGo(token);
  }

  // --- items

  #beginOrder(order: RunOrder): void {
    if (order.number !== undefined) {
      this.#untold.push({ kind: 'orderBegun', worker: this.worker, number: order.number });
      this.#later(this.#world.chance.next() * TELL_MS_MAX, () => this.#tell());
    }
    this.#order = order;
    this.#isStopped = false;
    this.#begin(order.first);
  }

  #begin(index: number): void {
    const { tasks } = this.#world;
    const { batch, attempt } = this.#order!;
    this.#begun = tasks.begins(batch, index, attempt, this.#world.store.epoch, index !== this.#order!.first);
    this.#ran.push({ begun: this.#begun, batch, index });
    if (this.#wasTold) this.#letGo();
    this.#scope = index;
    const run = ++this.#run;
    this.#behave(() => {
      if (this.#run === run) this.#settle(index, this.#isBad(0.4) ? { error: BOOM } : { value: JSON.stringify({ b: batch, i: index, a: attempt }) });
    });
  }

  #settle(index: number, outcome: { readonly value?: string; readonly error?: TaskError }): void {
    const { tasks, chance } = this.#world;
    const order = this.#order!;
    this.#leave();
    this.#run++;
    this.#scope = undefined;
    this.#begun!.isOver = true;
    if (outcome.value !== undefined) tasks.posted(order.batch, index, order.attempt);
    this.#addResult({ index, ...outcome, logs: chance.bool(0.1) ? 'said' : '', durationMs: 1 });
    if (this.#isBad(0.2)) this.#talkRubbish();
    const isLast = this.#isStopped || index + 1 >= order.end;
    if ((isLast && this.#hand.length === 0) || chance.bool(0.3)) this.#tell();
    else this.#later(chance.next() * TELL_MS_MAX, () => this.#tell());
    if (isLast) this.#order = undefined;
    if (this.hasEnded) return;
    if (isLast) this.#later(0.01, () => this.#goOn());
    else this.#later(0.01, () => { if (!this.#isStopped && this.#order === order) this.#begin(index + 1); });
  }

  #goOn(): void {
    const next = this.#order === undefined && !this.hasEnded ? this.#hand.shift() : undefined;
    if (next !== undefined) this.#beginOrder(next);
  }

  #addResult(result: ItemResult): void {
    const last = this.#untold.at(-1);
    if (last?.kind === 'itemsSettled') this.#untold[this.#untold.length - 1] = { ...last, results: [...last.results, result] };
    else this.#untold.push({ kind: 'itemsSettled', worker: this.worker, results: [result] });
  }

  /** Takes a lock or two, works for a while, and ends; or hangs, or takes its thread with it. */
  #behave(done: () => void): void {
    const { chance, profile } = this.#world;
    if (this.#isBad(0.15)) return this.#world.fault('worker hangs');
    const run = this.#run;
    const work = (): void => {
      this.#later(logBetween(chance, 0.5, ITEM_MS_MAX), () => {
        if (this.#run !== run) return;
        if (this.#isBad(0.15)) this.#die('it died of its task');
        else done();
      });
    };
    if (chance.bool(profile.taskLocks * 0.5)) this.#take(chance.bool(0.3) ? 2 : 1, work);
    else work();
  }

  #take(count: number, then: () => void): void {
    const { chance, holds } = this.#world;
    const { scope, run } = { scope: this.#scope!, run: this.#run };
    const lock = `lock-${chance.int(1, this.#world.profile.locks)}`;
    // A task that waits without end for what it holds itself would hang: it gives up after a while.
    const waitMs = chance.bool(0.2) ? 0 : chance.int(1, 2_000);
    this.#ask(lock, scope, waitMs, (answer) => {
      if (this.#run !== run) return;
      if (answer.kind !== 'granted') return then();
      const token = answer.fencingToken;
      this.#held.set(token, lock);
      holds.received(lock, token, this.#world.timeline.now, Infinity);
      // One that was told to end may be given up at any moment now.
      if (this.#wasTold) holds.letGo(token);
      this.#world.protected.write(lock, token, holds.isSure(token, this.#world.timeline.now));
      this.#later(chance.next() * 50, () => {
        if (this.#run !== run) return;
        if (this.#held.has(token)) this.#world.protected.write(lock, token, holds.isSure(token, this.#world.timeline.now));
        if (chance.bool(0.7)) this.#release(lock, token);
        if (count > 1) this.#take(count - 1, then);
        else then();
      });
    });
  }

  #ask(lock: string, scope: number, waitMs: number | undefined, heard: (answer: LockAnswer) => void): void {
    const { tokens } = this.#world;
    const call = ++this.#call;
    this.#later(0, () => {
      this.#calls.set(call, { lock, mark: tokens.mark(), arrival: ++this.#world.arrivals, heard });
      this.#post({ kind: 'taskAcquire', worker: this.worker, call, scope, lock, waitMs });
    });
  }

  #release(lock: string, token: number): void {
    this.#world.holds.letGo(token);
    this.#held.delete(token);
    this.#post({ kind: 'taskRelease', worker: this.worker, lock, fencingToken: token });
  }

  #post(report: WorkerReport): void {
    this.#tell();
    this.#report(report);
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const report of untold) this.#report(report);
  }

  /** What no thread says of itself: it must change nothing. */
  #talkRubbish(): void {
    const { chance, tokens, profile } = this.#world;
    this.#world.fault('worker returns garbage');
    const lock = `lock-${chance.int(1, profile.locks)}`;
    const { worker } = this;
    const rubbish: readonly WorkerReport[] = [
      { kind: 'itemsSettled', worker, results: [{ index: 1_000_000, value: '1', logs: '', durationMs: -1 }] },
      { kind: 'itemsSettled', worker: 999_999, results: [{ index: 0, value: '1', logs: '', durationMs: 1 }] },
      { kind: 'setupSettled', worker: 999_999 },
      { kind: 'orderBegun', worker, number: 1_000_000 },
      { kind: 'taskRelease', worker, lock, fencingToken: tokens.mark() },
      { kind: 'taskAcquire', worker, call: ++this.#call, scope: 1_000_000, lock },
      { kind: 'workerEnded', worker: 999_999, message: 'never was', logs: '' },
    ];
    this.#post(chance.pick(rubbish));
  }

  /** The scope is over: nothing is held or waited for any more. */
  #leave(): void {
    for (const token of this.#held.keys()) this.#world.holds.letGo(token);
    this.#held.clear();
    this.#calls.clear();
  }

  #later(ms: number, run: () => void): void {
    this.#world.timeline.after(ms, () => { if (!this.hasEnded) run(); }, this.#process);
  }

  #isBad(share: number): boolean {
    const { chance, faulty, profile } = this.#world;
    return faulty && chance.bool(profile.badTasks * share);
  }
}
