// World: the pure machine with a clock in the hand and threads that do what a test says, for tests of batch rules.
//
// Owns time, the stored rows and payloads, and what each thread was told. A thread reports only when a test has it do so.

import { crc32 } from 'node:zlib';
import { start, step } from '../../src/machine.ts';
import type { Effect, RunOrder } from '../../src/state/effects.ts';
import type { BatchSubmission, ClientRequest, Input, Report, TaskError } from '../../src/state/inputs.ts';
import { brokenInvariants } from '../../src/state/invariants.ts';
import type { StoredRow } from '../../src/state/load.ts';
import type { BatchView, Reply } from '../../src/state/replies.ts';
import type { BatchRow } from '../../src/state/rows.ts';
import { State } from '../../src/state/state.ts';
import type { Fact } from '../../src/state/facts.ts';
import type { Output } from '../../src/state/step.ts';

type Unnumbered<Request> = Request extends unknown ? Omit<Request, 'request'> : never;

const WALL = Date.UTC(2026, 0, 1);
const FUNCTIONS = ['task', 'other', 'prepare'].map((name) => ({ name, description: '', module: 'tasks.ts' }));

export interface Thread {
  readonly worker: number;
  readonly setup: string | undefined;
  ready: boolean;
  setUp: boolean;
  order?: RunOrder | undefined;
  /** What it goes on with by itself. */
  hand: RunOrder[];
  /** The item that it runs. */
  item: number;
  toldToEnd: boolean;
  toldToAbort: boolean;
}

/** How a thread's item ends: a value, or an error where there is one. */
export interface Done {
  readonly value?: string;
  readonly error?: TaskError;
  readonly logs?: string;
}

export const BOOM: TaskError = { name: 'Error', message: 'boom', stack: 'Error: boom\n    at task', kind: 'error' };

export class World {
  now = 1_000;
  state: State;
  readonly #workers: number;
  readonly effects: Effect[] = [];
  /** Those that need not wait for a commit. */
  readonly early = new Set<Effect>();
  readonly facts: Fact[] = [];
  readonly threads = new Map<number, Thread>();
  readonly payloads = new Map<string, string>();
  /** Whether what is asked back out of a hand is given back at once; otherwise a test does it (`takeBack`). */
  takesBack = true;
  #asked: Extract<Effect, { kind: 'takeBack' }>[] = [];
  #stored = new Map<string, StoredRow>();
  #answers = new Map<number, Reply>();
  #requests = 0;
  #batches = 0;

  /** A service with that many threads, all of them idle. */
  constructor(workers = 2) {
    this.#workers = workers;
    this.state = this.#newState();
    this.#take(start(this.state, this.now, WALL + this.now, [], new Set()));
    this.report({ kind: 'opened' });
    this.allReady();
  }

  ask(request: Unnumbered<ClientRequest>): number {
    const number = ++this.#requests;
    this.#step({ ...request, request: number });
    return number;
  }

  report(report: Report): void {
    this.#step(report);
  }

  answerTo(request: number): Reply | undefined {
    return this.#answers.get(request);
  }

  pass(ms: number): void {
    this.now += ms;
    this.report({ kind: 'tick' });
  }

  /** Submits a batch of `task` and returns its id and the number of the request. */
  submit(batch: Partial<BatchSubmission> = {}, rest: { waitMs?: number; key?: { id: string; fingerprint: string } } = {}): { id: string; request: number } {
    const n = ++this.#batches;
    const id = batch.id ?? `bat_${n}`;
    const request = this.ask({
      kind: 'submitBatch',
      batch: { id, delivery: `dlv_${n}`, function: 'task', call: 'map', items: [0], timeoutMs: 60_000, ...batch },
      ...rest,
    });
    return { id, request };
  }

  batch(id: string): BatchRow {
    const row = this.state.batches.get(id);
    if (row === undefined) throw new Error(`there is no batch ${id}`);
    return row;
  }

  /** The results of a batch as `index:state` or, with an error, `index:kind`. */
  results(id: string): string[] {
    const reply = this.answerTo(this.ask({ kind: 'readResults', batch: id, limit: 1_000 }));
    if (reply?.kind !== 'results') throw new Error(`no results: ${JSON.stringify(reply)}`);
    return reply.results.map(({ index, state, outcome }) => {
      const text = outcome?.payload === undefined ? undefined : this.payloads.get(outcome.payload.id);
      const kept: { error?: TaskError } = text === undefined ? {} : JSON.parse(text);
      return `${index}:${kept.error?.kind ?? state}`;
    });
  }

  /** What runs now, as `batch:item` in the order of the threads' numbers. */
  running(): string[] {
    return [...this.threads.values()].flatMap(({ order, item }) => (order === undefined ? [] : [`${order.batch}:${item}`]));
  }

  workerStates(): string[] {
    return [...this.state.workers.values()].map(({ state }) => state);
  }

  thread(worker: number): Thread {
    const thread = this.threads.get(worker);
    if (thread === undefined) throw new Error(`there is no thread ${worker}`);
    return thread;
  }

  /** The thread that runs an item of the batch. */
  threadOf(batch: string, item?: number): Thread {
    const thread = [...this.threads.values()].find(({ order, item: runs }) => order?.batch === batch && (item === undefined || runs === item));
    if (thread === undefined) throw new Error(`nothing of ${batch} runs`);
    return thread;
  }

  /** Threads that have just been started report what they loaded. */
  allReady(): void {
    for (const thread of this.threads.values()) if (!thread.ready && !thread.toldToEnd) this.ready(thread);
  }

  ready(thread: Thread, functions = FUNCTIONS): void {
    thread.ready = true;
    this.report({ kind: 'workerReady', worker: thread.worker, functions, broken: [] });
  }

  setUp(thread: Thread, error?: TaskError): void {
    thread.setUp = true;
    this.report({ kind: 'setupSettled', worker: thread.worker, error });
  }

  /** The item that the thread runs ends; the thread goes on to the next of its order. */
  finish(thread: Thread, { value, error, logs = '' }: Done = { value: '1' }): void {
    const index = thread.item;
    if (thread.order === undefined) throw new Error(`thread ${thread.worker} runs nothing`);
    thread.item++;
    if (thread.item === thread.order.end || thread.toldToAbort) thread.order = undefined;
    this.report({ kind: 'itemsSettled', worker: thread.worker, results: [{ index, value, error, logs, durationMs: 5 }] });
    if (thread.order === undefined) this.goOn(thread);
  }

  /** The thread begins the next order of its hand, if there is one. */
  goOn(thread: Thread): void {
    const order = thread.hand.shift();
    if (order?.number === undefined) return;
    thread.order = order;
    thread.item = order.first;
    thread.toldToAbort = false;
    this.report({ kind: 'orderBegun', worker: thread.worker, number: order.number });
  }

  /** What was asked back is given back, as far as it has not begun. */
  takeBack(): void {
    for (const { worker, numbers } of this.#asked.splice(0)) {
      const thread = this.threads.get(worker);
      if (thread === undefined) continue;
      const back = thread.hand.filter(({ number }) => number !== undefined && numbers.includes(number));
      thread.hand = thread.hand.filter((order) => !back.includes(order));
      this.report({ kind: 'ordersTakenBack', worker, numbers: back.map(({ number }) => number!) });
    }
  }

  /** The thread ends, told to or not. */
  end(thread: Thread, message = 'it exited'): void {
    this.threads.delete(thread.worker);
    this.report({ kind: 'workerEnded', worker: thread.worker, message, logs: '' });
  }

  endTold(): void {
    for (const thread of this.threads.values()) if (thread.toldToEnd) this.end(thread, 'it was ended');
  }

  /** Every thread does what it was told, until nothing is left to do. */
  work(done: (thread: Thread) => Done = () => ({ value: '1' })): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const thread of this.threads.values()) moved = this.#advance(thread, done) || moved;
    }
  }

  /** The process dies and starts again on what was stored. */
  restart(afterMs = 0, opened = true): void {
    this.now += afterMs;
    this.state = this.#newState();
    this.threads.clear();
    this.effects.length = 0;
    this.#answers = new Map();
    const rows = [...this.#stored.values()].map((row) => structuredClone(row));
    const owners = new Set([...this.payloads.keys()].map((id) => id.slice(0, id.indexOf('/'))));
    this.#take(start(this.state, this.now, WALL + this.now, rows, owners));
    if (opened) this.report({ kind: 'opened' });
  }

  #advance(thread: Thread, done: (thread: Thread) => Done): boolean {
    if (!this.threads.has(thread.worker)) return false;
    if (thread.toldToEnd) this.end(thread, 'it was ended');
    else if (!thread.ready) this.ready(thread);
    else if (thread.setup !== undefined && !thread.setUp) this.setUp(thread);
    else if (thread.order !== undefined) this.finish(thread, done(thread));
    else return false;
    return true;
  }

  #newState(): State {
    return new State({ workers: this.#workers, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
  }

  #step(input: Input): void {
    this.#take(step(this.state, this.now, WALL + this.now, input));
  }

  #take(output: Output): void {
    this.#store();
    for (const { request, reply } of output.answers) {
      if (this.#answers.has(request)) throw new Error(`request ${request} was answered twice`);
      this.#answers.set(request, reply);
    }
    this.facts.push(...output.facts);
    for (const { effect, early } of output.orders) {
      if (early) this.early.add(effect);
      this.#perform(effect);
    }
    const broken = brokenInvariants(this.state);
    if (broken.length > 0) throw new Error(broken.join('; '));
    if (this.takesBack && this.#asked.length > 0) this.takeBack();
  }

  #store(): void {
    const { rows, payloads, drops } = this.state.changes.take();
    for (const { table, key, row, place } of rows) {
      if (row === undefined) this.#stored.delete(`${table}/${key}`);
      else this.#stored.set(`${table}/${key}`, { table, key, row, slot: place.slot, checksum: place.checksum });
    }
    for (const { id, bytes } of payloads) this.payloads.set(id, new TextDecoder().decode(bytes));
    for (const drop of drops) {
      if (!drop.endsWith('/')) this.payloads.delete(drop);
      else for (const id of this.payloads.keys()) if (id.startsWith(drop)) this.payloads.delete(id);
    }
    this.state.changes.flushed();
  }

  #perform(effect: Effect): void {
    this.effects.push(effect);
    switch (effect.kind) {
      case 'startWorker': {
        if (effect.setup !== undefined) this.#mustHave(effect.setup.payload.id);
        this.threads.set(effect.worker, { worker: effect.worker, setup: effect.setup?.batch, ready: false, setUp: false, hand: [], item: 0, toldToEnd: false, toldToAbort: false });
        break;
      }
      case 'runItems': {
        const thread = this.thread(effect.worker);
        this.#mustHave(effect.order.payload.id);
        if (effect.order.number !== undefined) {
          thread.hand.push(effect.order);
          break;
        }
        if (thread.order !== undefined || !thread.ready) throw new Error(`thread ${effect.worker} is not free`);
        thread.order = effect.order;
        thread.item = effect.order.first;
        break;
      }
      case 'takeBack': this.#asked.push(effect); break;
      case 'abortRun': this.#abort(this.thread(effect.worker), effect.batch); break;
      case 'endWorker': this.thread(effect.worker).toldToEnd = true; break;
      case 'send': this.#mustHave(effect.payload.id); break;
      case 'answerLock': case 'loseLock': break;
    }
  }

  #abort(thread: Thread, batch: string): void {
    if (thread.order?.batch === batch) thread.toldToAbort = true;
  }

  #mustHave(payload: string): void {
    if (!this.payloads.has(payload)) throw new Error(`the payload ${payload} is not stored`);
  }
}

export function codeOf(reply: Reply | undefined): string | undefined {
  return reply?.kind === 'refused' ? reply.refusal.code : reply?.kind;
}

/** The refusal of an answer; fails when it is none. */
export function refusalOf(reply: Reply | undefined) {
  if (reply?.kind !== 'refused') throw new Error(`not refused: ${JSON.stringify(reply)}`);
  return reply.refusal;
}

/** The batch of an answer; fails when it is anything else. */
export function viewOf(reply: Reply | undefined): BatchView {
  if (reply?.kind !== 'batch') throw new Error(`not a batch: ${JSON.stringify(reply)}`);
  return reply.view;
}
