// Shared locks as the code of a task sees them.
//
// Owns the questions that this thread has asked and not heard the answer to, and the signals of what it holds. Does not
// own who holds a lock: that is the machine's, which also releases what a task still holds when it ends.
//   L1. A lock is acquired for the scope whose code calls, wherever the lock came from.
//   L2. What is held is known here before anything else is heard from the main thread, so no loss can miss it.
//   L3. A task that is told to stop waits for no lock any longer; one that is granted nevertheless is given back.

import { LOCK_NAME_CHARS_MAX, TASK_LOCK_CALLS_MAX, TICKET_WAIT_MS_MAX, TTL_MS_MAX, TTL_MS_MIN } from '../limits.ts';
import { isLockName } from '../state/lock-name.ts';
import type { LockAnswer } from '../state/effects.ts';
import type { AcquireOptions, HeldLock, SharedLock } from './context.ts';
import { CodedError } from './errors.ts';
import type { PostFromThread } from './messages.ts';
import { callingScope, LazySignal } from './scopes.ts';
import type { Scope } from './scopes.ts';

interface Question {
  readonly scope: Scope;
  readonly settle: (answer: LockAnswer) => void;
  /** Of an acquire: it is no longer waited for. */
  readonly giveUp?: ((reason: Error) => void) | undefined;
}

type Ask = { readonly kind: 'taskAcquire'; readonly ttlMs?: number; readonly waitMs?: number } | { readonly kind: 'taskRelease'; readonly fencingToken: number };

/** All locks of one thread. */
export class TaskLocks {
  readonly #post: PostFromThread;
  readonly #questions = new Map<number, Question>();
  readonly #held = new Map<number, Held>();
  #lastCall = 0;

  constructor(post: PostFromThread) {
    this.#post = post;
  }

  /** `scope` is for code that says whose it is (`context.lock`); otherwise the calling code's scope counts. */
  lock(name: string, scope?: Scope): SharedLock {
    if (!isLockName(name)) throw new TypeError(`not a lock name: 1 to ${LOCK_NAME_CHARS_MAX} of A-Z a-z 0-9 . _ : / @ - are one`);
    return new TaskLock(this, name, scope);
  }

  acquire(scope: Scope, lock: string, options: AcquireOptions): Promise<HeldLock> {
    const { ttlMs, waitMs } = options;
    checkMs('ttlMs', ttlMs, TTL_MS_MIN, TTL_MS_MAX);
    checkMs('waitMs', waitMs, 0, TICKET_WAIT_MS_MAX);
    const ask: Ask = { kind: 'taskAcquire', ...(ttlMs === undefined ? {} : { ttlMs }), ...(waitMs === undefined ? {} : { waitMs }) };
    return this.#ask(scope, lock, ask, (answer) => this.#hold(scope, lock, answer));
  }

  release(held: Held): Promise<void> {
    this.#held.delete(held.fencingToken);
    if (held.scope.ended) return Promise.resolve();
    return this.#ask(held.scope, held.lock, { kind: 'taskRelease', fencingToken: held.fencingToken }, (answer) => {
      if (answer.kind === 'refused') throw new CodedError(answer.code, answer.message, 'LockError');
    });
  }

  answer(call: number, answer: LockAnswer): void {
    const question = this.#questions.get(call);
    this.#questions.delete(call);
    question?.settle(answer);
  }

  lose(fencingToken: number, reason: string): void {
    const held = this.#held.get(fencingToken);
    if (held === undefined) return;
    const error = new CodedError('lock_lost', `the lock ${held.lock} was lost: ${reason}`, 'LockError');
    held.loss.abort(error);
    this.stop(held.scope, error);
  }

  /** Aborts the scope's signal and what it waits for. (L3) */
  stop(scope: Scope, reason: Error): void {
    scope.stop.abort(reason);
    for (const question of this.#questions.values()) if (question.scope === scope) question.giveUp?.(reason);
  }

  /** Forgets what an ended scope asked and held. Its promises stay open: nobody is left to hear them. */
  forget(scope: Scope): void {
    for (const [call, question] of this.#questions) if (question.scope === scope) this.#questions.delete(call);
    for (const [token, held] of this.#held) if (held.scope === scope) this.#held.delete(token);
  }

  #hold(scope: Scope, lock: string, answer: LockAnswer): HeldLock {
    if (answer.kind === 'refused') throw new CodedError(answer.code, answer.message, 'LockError');
    if (answer.kind === 'released') throw new CodedError('lock_refused', 'a lock was asked for and a release was answered', 'LockError');
    const held = new Held(this, scope, lock, answer.fencingToken);
    this.#held.set(answer.fencingToken, held);
    return held;
  }

  #ask<Result>(scope: Scope, lock: string, ask: Ask, read: (answer: LockAnswer) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#questions.size >= TASK_LOCK_CALLS_MAX) throw new CodedError('too_many_lock_calls', `more than ${TASK_LOCK_CALLS_MAX} lock calls wait for an answer`, 'LockError');
      this.#lastCall += 1;
      const call = this.#lastCall;
      const giveUp = (reason: Error): void => {
        this.#questions.set(call, { scope, settle: (answer) => this.#giveBack(scope, lock, answer) });
        reject(reason);
      };
      this.#questions.set(call, { scope, settle: (answer) => resolve(Promise.try(read, answer)), giveUp: ask.kind === 'taskAcquire' ? giveUp : undefined });
      this.#post({ ...ask, call, scope: scope.number, lock });
    });
  }

  /** (L3) */
  #giveBack(scope: Scope, lock: string, answer: LockAnswer): void {
    if (answer.kind === 'granted') void this.#hold(scope, lock, answer).release();
  }
}

class TaskLock implements SharedLock {
  readonly name: string;
  readonly #locks: TaskLocks;
  readonly #scope: Scope | undefined;

  constructor(locks: TaskLocks, name: string, scope: Scope | undefined) {
    this.#locks = locks;
    this.name = name;
    this.#scope = scope;
  }

  async acquire(options: AcquireOptions = {}): Promise<HeldLock> {
    const scope = this.#scope ?? callingScope();
    if (scope === undefined) throw new CodedError('no_task', `the lock ${this.name} was asked for by code that belongs to no task`, 'LockError');
    if (scope.ended) throw new CodedError('task_ended', `the lock ${this.name} was asked for by code that a task left behind when it ended`, 'LockError');
    return this.#locks.acquire(scope, this.name, options);
  }

  async withLock<Value>(body: (held: HeldLock) => Value | Promise<Value>): Promise<Value> {
    await using held = await this.acquire();
    return await body(held);
  }
}

class Held implements HeldLock {
  readonly fencingToken: number;
  readonly lock: string;
  readonly scope: Scope;
  readonly loss = new LazySignal();
  readonly #locks: TaskLocks;
  #released: Promise<void> | undefined;

  constructor(locks: TaskLocks, scope: Scope, lock: string, fencingToken: number) {
    this.#locks = locks;
    this.scope = scope;
    this.lock = lock;
    this.fencingToken = fencingToken;
  }

  get signal(): AbortSignal {
    return this.loss.signal;
  }

  release(): Promise<void> {
    this.#released ??= this.#locks.release(this);
    return this.#released;
  }

  /** A refusal here would only hide the error of the block, and a loss fails the task whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => undefined);
  }
}

function checkMs(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name} is an integer from ${min} to ${max}`);
}
