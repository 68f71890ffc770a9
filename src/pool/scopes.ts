// Scopes: which call of a function the code that runs now belongs to.
//
// Owns the running call's number, its end and its abort signal. Does not own locks (task-locks.ts) or prints (prints.ts).
//   S1. At most one scope is open at a time: a thread runs one task at once.
//   S2. Code that an ended call left behind (a timer, a promise) still belongs to that call, never to the next one.

import { AsyncLocalStorage } from 'node:async_hooks';

/** An abort signal that is made when somebody asks for it: most tasks never do. */
export class LazySignal {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Only the first reason counts. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

export class Scope {
  /** The item's index in its batch, or SETUP_SCOPE. */
  readonly number: number;
  readonly stop = new LazySignal();
  #ended = false;

  constructor(number: number) {
    this.number = number;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#ended = true;
    if (open === this) open = undefined;
  }
}

const calls = new AsyncLocalStorage<Scope>();
let open: Scope | undefined;

/** Calls `body` as code of nobody, in whatever context of its own a task has left this thread. */
export const runOutside: <Value>(body: () => Value) => Value = AsyncLocalStorage.snapshot();

/** Calls `body` as code of `scope`, which is open from now until its `end()`. */
export function runInScope<Value>(scope: Scope, body: () => Value): Value {
  open = scope;
  return calls.run(scope, body);
}

export function openScope(): Scope | undefined {
  return open;
}

/** The scope that the calling code belongs to, ended or not; undefined for code that no call began. */
export function callingScope(): Scope | undefined {
  return calls.getStore();
}
