// Calls: running an initializer and the items of an order in a worker thread.
//
// Owns the order in which functions are called and what is said of each call. Does not own time limits, or what a
// failure means to the rest of a batch.
//   C1. Items run one after another; each is reported, once, before the next begins.
//   C2. Each call ends with a turn of the event loop: what the main thread said meanwhile is heard before the next item
//       begins, and a rejection that nobody handles ends the thread while its own item is still the running one.

import { SETUP_SCOPE } from '../state/inputs.ts';
import type { TaskError, TaskErrorKind } from '../state/inputs.ts';
import type { SetupContext, SharedLock, TaskContext } from './context.ts';
import { CodedError, describeError } from './errors.ts';
import { nextTurn, now, parseJson } from './intrinsics.ts';
import type { TaskFunction } from './load.ts';
import type { PostFromThread, RunMessage } from './messages.ts';
import { runInScope, Scope } from './scopes.ts';
import type { TaskLocks } from './task-locks.ts';
import { jsonText, lockReviver } from './values.ts';

interface Setup {
  readonly initializer?: { readonly function: string; readonly args: readonly unknown[] };
  readonly globals?: { readonly [name: string]: unknown };
}

type Outcome = { readonly value: string } | { readonly error: TaskError };

export class Calls {
  readonly #functions: ReadonlyMap<string, TaskFunction>;
  readonly #locks: TaskLocks;
  readonly #post: PostFromThread;
  #running: Scope | undefined;
  #stopped = false;

  constructor(functions: ReadonlyMap<string, TaskFunction>, locks: TaskLocks, post: PostFromThread) {
    this.#functions = functions;
    this.#locks = locks;
    this.#post = post;
  }

  /** Sets the globals, then calls the initializer. */
  async setUp(batch: string, attempt: number, text: string): Promise<void> {
    const scope = new Scope(SETUP_SCOPE);
    const outcome = await this.#call(scope, 'initializer', () => {
      const { initializer, globals }: Setup = parseJson(text, this.#reviver(text));
      defineGlobals(globals ?? {});
      if (initializer === undefined) return undefined;
      return this.#function(initializer.function)(new Context(batch, attempt, scope, this.#locks), ...initializer.args);
    });
    this.#post({ kind: 'setupSettled', ...('error' in outcome ? { error: outcome.error } : {}) });
  }

  async run(order: RunMessage): Promise<void> {
    this.#stopped = false;
    const items: readonly unknown[] = parseJson(order.items, this.#reviver(order.items));
    for (let index = order.first; index < order.end && !this.#stopped; index += 1) {
      const startedAt = now();
      const scope = new Scope(index);
      const outcome = await this.#call(scope, 'error', () => {
        const item = items[index - order.payloadFirst];
        return this.#function(order.function)(new ItemContext(order, scope, this.#locks), ...(order.call === 'map' ? [item] : spread(item)));
      });
      // With the last one the thread waits for its next order.
      this.#post({ kind: 'itemSettled', index, ...outcome, durationMs: now() - startedAt }, index + 1 === order.end || this.#stopped);
    }
  }

  /** Begins no further item of the running order, and tells the running call. */
  abort(reason: TaskErrorKind): void {
    this.#stopped = true;
    if (this.#running !== undefined) this.#locks.stop(this.#running, new CodedError(reason, `the task was told to stop: ${reason}`, 'AbortError'));
  }

  async #call(scope: Scope, kind: 'error' | 'initializer', body: () => unknown): Promise<Outcome> {
    this.#running = scope;
    const outcome = await runInScope(scope, () => outcomeOf(kind, body));
    await nextTurn();
    scope.end();
    this.#locks.forget(scope);
    this.#running = undefined;
    return outcome;
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

async function outcomeOf(kind: 'error' | 'initializer', body: () => unknown): Promise<Outcome> {
  let value: unknown;
  try {
    value = await body();
  } catch (error) {
    return { error: describeError(error, kind) };
  }
  try {
    return { value: kind === 'initializer' ? 'null' : jsonText(value) };
  } catch (error) {
    return { error: describeError(error, 'not_serializable') };
  }
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
