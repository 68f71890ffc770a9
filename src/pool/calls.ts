// Calls: running an initializer and the items of an order in a worker thread.
//
// Owns the order in which functions are called and what is said of each call. Does not own time limits, or what a
// failure means to the rest of a batch.
//   C1. Items run one after another; each is reported, once, before the next begins.
//   C2. Between two calls what the main thread said meanwhile is heard, and everything runs that was left to run at once
//       (promises, `process.nextTick`): a rejection that nobody handles ends the thread while its own item is still the
//       running one.
//   C3. An order in hand begins right behind the one before, when this thread has claimed it: one that it could not claim was
//       taken back.
//   C4. The loop turns after `CALLS_PER_TURN` calls or `CALLS_PER_TURN_MS`, of however many orders: timers and sockets that
//       a call left behind get their turn. A turn for each call would cost more than most tasks.

import { CALLS_PER_TURN, CALLS_PER_TURN_MS } from '../limits.ts';
import { SETUP_SCOPE } from '../state/inputs.ts';
import type { TaskError, TaskErrorKind } from '../state/inputs.ts';
import type { SetupContext, SharedLock, TaskContext } from './context.ts';
import { CodedError, describeError } from './errors.ts';
import { atNextTurn, now, OwnMap, parseJson } from './intrinsics.ts';
import type { TaskFunction } from './load.ts';
import { AT_ONCE, type PostFromThread, type RunMessage } from './messages.ts';
import { runInScope, runOutside, Scope } from './scopes.ts';
import type { TaskLocks } from './task-locks.ts';
import { jsonText, lockReviver } from './values.ts';

interface Setup {
  readonly initializer?: { readonly function: string; readonly args: readonly unknown[] };
  readonly globals?: { readonly [name: string]: unknown };
}

type Outcome = { readonly value: string } | { readonly error: TaskError };

/** The call that runs. */
interface Running {
  readonly scope: Scope;
  readonly startedAt: number;
  /** Absent until what was called has ended. */
  outcome: Outcome | undefined;
}

/** An order, and which of its items is next. */
interface Begun {
  readonly order: RunMessage;
  readonly items: readonly unknown[];
  next: number;
}

/** The way to the main thread and back. */
export interface MainThread {
  readonly post: PostFromThread;
  /** Does what it has told meanwhile. */
  readonly hear: () => void;
  /** The same, and waits for a moment where it has told nothing. */
  readonly await: () => void;
  /** Whether the order of that number, which it has told ahead, is this thread's to run. */
  readonly claim: (number: number) => boolean;
}

export class Calls {
  readonly #functions: ReadonlyMap<string, TaskFunction>;
  readonly #locks: TaskLocks;
  readonly #main: MainThread;
  #running: Running | undefined;
  #begun: Begun | undefined;
  /** Orders told ahead, by the order in which they were told; how many were told, and taken out again. */
  readonly #hand = new OwnMap<number, RunMessage>();
  #told = 0;
  #taken = 0;
  /** Why no further item of the order is to begin. */
  #stopped: TaskErrorKind | undefined;
  /** How often the loop comes back here without turning, and until when calls begin there. (C4) */
  #returns = 0;
  #turnEnd: number | undefined;

  constructor(functions: ReadonlyMap<string, TaskFunction>, locks: TaskLocks, main: MainThread) {
    this.#functions = functions;
    this.#locks = locks;
    this.#main = main;
  }

  /** Sets the globals, then calls the initializer. */
  setUp(batch: string, attempt: number, text: string): void {
    const scope = new Scope(SETUP_SCOPE);
    this.#call(scope, now(), 'initializer', () => {
      const { initializer, globals }: Setup = parseJson(text, this.#reviver(text));
      defineGlobals(globals ?? {});
      if (initializer === undefined) return undefined;
      return this.#function(initializer.function)(new Context(batch, attempt, scope, this.#locks), ...initializer.args);
    });
  }

  /** Runs the order, behind those that were told before. */
  run(order: RunMessage): void {
    this.#hand.set(this.#told, order);
    this.#told += 1;
    if (this.#begun !== undefined || this.#running !== undefined) return;
    const next = this.#claimNext();
    if (next !== undefined) this.#callNext(this.#begin(next), now());
  }

  /** Calls nothing for any further item of the order that runs, if it is of the batch, and tells the running call. */
  abort(batch: string, reason: TaskErrorKind): void {
    if (this.#begun?.order.batch !== batch) return;
    this.#stopped = reason;
    if (this.#running !== undefined) this.#locks.stop(this.#running.scope, toldToStop(reason));
  }

  /** (C3) */
  #claimNext(): RunMessage | undefined {
    while (this.#taken < this.#told) {
      const order = this.#hand.get(this.#taken)!;
      this.#hand.delete(this.#taken);
      this.#taken += 1;
      if (order.number === AT_ONCE || this.#main.claim(order.number)) return order;
    }
    return undefined;
  }

  #begin(order: RunMessage): Begun {
    if (order.number !== AT_ONCE) this.#main.post({ kind: 'orderBegun', number: order.number }, false);
    this.#stopped = undefined;
    this.#begun = { order, items: parseJson(order.items, this.#reviver(order.items)), next: order.first };
    return this.#begun;
  }

  #callNext(begun: Begun, at: number): void {
    const { order, items, next } = begun;
    begun.next += 1;
    const scope = new Scope(next);
    this.#call(scope, at, 'error', () => {
      // Told between two turns, when nothing ran: to the main thread this item was the running one.
      if (this.#stopped !== undefined) throw toldToStop(this.#stopped);
      const item = items[next - order.payloadFirst];
      const context = new ItemContext(order, scope, this.#locks);
      return order.call === 'map' ? this.#function(order.function)(context, item) : this.#function(order.function)(context, ...spread(item));
    });
  }

  #call(scope: Scope, startedAt: number, kind: 'error' | 'initializer', body: () => unknown): void {
    const { outcome, later } = runInScope(scope, () => called(kind, body));
    this.#running = { scope, startedAt, outcome };
    if (later === undefined) this.#comeBack();
    else void this.#comeBackAfter(later, this.#running);
  }

  async #comeBackAfter(later: Promise<Outcome>, running: Running): Promise<void> {
    running.outcome = await later;
    this.#comeBack();
  }

  /** Between two of its callbacks the loop runs everything that was left to run at once. (C2) */
  #comeBack(): void {
    if (this.#returns > 0) return;
    this.#turnEnd = undefined;
    runOutside(() => {
      for (; this.#returns < CALLS_PER_TURN; this.#returns += 1) atNextTurn(this.#goOn);
    });
  }

  readonly #goOn = (): void => {
    this.#returns -= 1;
    const at = now();
    this.#turnEnd ??= at + CALLS_PER_TURN_MS;
    const running = this.#running;
    if (running !== undefined) {
      if (running.outcome === undefined) return;
      this.#tell(running.scope, running.outcome, at - running.startedAt);
    }
    if (this.#begun === undefined || this.#running !== undefined) return;
    if (at < this.#turnEnd) this.#callNext(this.#begun, at);
    else this.#comeBack();
  };

  /** What has ended. Behind the last item of an order the next one begins, or the thread waits for it and it begins here. */
  #tell(scope: Scope, outcome: Outcome, durationMs: number): void {
    scope.end();
    this.#locks.forget(scope);
    this.#running = undefined;
    this.#main.hear();
    const isLast = this.#stopped !== undefined || this.#begun?.next === this.#begun?.order.end;
    if (isLast) this.#begun = undefined;
    const next = isLast ? this.#claimNext() : undefined;
    if (scope.number === SETUP_SCOPE) this.#main.post({ kind: 'setupSettled', ...('error' in outcome ? { error: outcome.error } : {}) });
    else this.#main.post({ kind: 'itemSettled', index: scope.number, ...outcome, durationMs: wholeMs(durationMs) }, isLast && next === undefined);
    if (next !== undefined) this.#begin(next);
    else if (isLast) this.#main.await();
  }

  #reviver(text: string): ReturnType<typeof lockReviver> {
    return lockReviver(text, (name) => this.#locks.lock(name));
  }

  #function(name: string): TaskFunction {
    const body = this.#functions.get(name);
    if (body === undefined) throw new CodedError('function_not_found', `no module of the functions folder exports ${name}`);
    return body;
  }
}

function toldToStop(reason: TaskErrorKind): CodedError {
  return new CodedError(reason, `the task was told to stop: ${reason}`, 'AbortError');
}

/** How a call ended, or `later` when what it returned has settled. */
interface Called {
  readonly outcome?: Outcome;
  readonly later?: Promise<Outcome>;
}

function called(kind: 'error' | 'initializer', body: () => unknown): Called {
  try {
    const value = body();
    return isThenable(value) ? { later: settled(kind, value) } : { outcome: outcomeOf(kind, value) };
  } catch (error) {
    return { outcome: { error: describeError(error, kind) } };
  }
}

async function settled(kind: 'error' | 'initializer', promise: unknown): Promise<Outcome> {
  try {
    return outcomeOf(kind, await promise);
  } catch (error) {
    return { error: describeError(error, kind) };
  }
}

function isThenable(value: unknown): boolean {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && 'then' in value && typeof value.then === 'function';
}

function outcomeOf(kind: 'error' | 'initializer', value: unknown): Outcome {
  try {
    return { value: kind === 'initializer' ? 'null' : jsonText(value) };
  } catch (error) {
    return { error: describeError(error, 'not_serializable') };
  }
}

/** `Math` is in the hands of tasks. */
function wholeMs(durationMs: number): number {
  return (durationMs + 0.5) | 0;
}

function spread(item: unknown): readonly unknown[] {
  if (!Array.isArray(item)) throw new TypeError('an item of a starmap is an array of arguments');
  return item;
}

/** Defined and not assigned: a name like `__proto__` is a property like any other. */
function defineGlobals(globals: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }
}

class Context implements SetupContext {
  readonly batch: string;
  readonly attempt: number;
  readonly #scope: Scope;
  readonly #locks: TaskLocks;

  constructor(batch: string, attempt: number, scope: Scope, locks: TaskLocks) {
    this.batch = batch;
    this.attempt = attempt;
    this.#scope = scope;
    this.#locks = locks;
  }

  get signal(): AbortSignal {
    return this.#scope.stop.signal;
  }

  lock(name: string): SharedLock {
    return this.#locks.lock(name, this.#scope);
  }
}

class ItemContext extends Context implements TaskContext {
  readonly index: number;

  constructor(order: RunMessage, scope: Scope, locks: TaskLocks) {
    super(order.batch, order.attempt, scope, locks);
    this.index = scope.number;
  }
}
