// Shared locks as the code of a task sees them.
//
// Owns the questions that this thread has asked and not heard the answer to, and the signals of what it holds. Does not
// own who holds a lock: that is the machine's, which also releases what a task still holds when it ends.
//   L1. A lock is acquired for the scope whose code calls, wherever the lock came from.
//   L2. What is held is known here before anything else is heard from the main thread, so no loss can miss it.
//   L3. A task that is told to stop waits for no lock any longer; one that is granted nevertheless is given back.
//   L4. Acquires are bounded, releases never: each gives back what an acquire got.

import { LOCK_NAME_CHARS_MAX, TASK_LOCK_CALLS_MAX, TICKET_WAIT_MS_MAX, TTL_MS_MAX, TTL_MS_MIN } from '../limits.ts';
import { isLockName } from '../state/lock-name.ts';
import type { LockAnswer } from '../state/effects.ts';
import type { AcquireOptions, HeldLock, SharedLock } from './context.ts';
import { CodedError } from './errors.ts';
import { OwnMap, OwnPromise } from './intrinsics.ts';
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

/** One grant, from its answer until its release or the end of its scope. */
interface Grant {
  readonly scope: Scope;
  readonly lock: string;
  readonly fencingToken: number;
  readonly loss: LazySignal;
}

/** All locks of one thread. */
export class TaskLocks {
  readonly #post: PostFromThread;
  readonly #questions = new OwnMap<number, Question>();
  readonly #held = new OwnMap<number, Grant>();
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
    if (this.#questions.size >= TASK_LOCK_CALLS_MAX) throw new CodedError('too_many_lock_calls', `more than ${TASK_LOCK_CALLS_MAX} lock calls wait for an answer`, 'LockError');
    const ask: Ask = { kind: 'taskAcquire', ...(ttlMs === undefined ? {} : { ttlMs }), ...(waitMs === undefined ? {} : { waitMs }) };
    return this.#ask(scope, lock, ask, (answer) => this.#hold(scope, lock, answer));
  }

  /** (L4) */
  async release({ scope, lock, fencingToken }: Grant): Promise<void> {
    this.#held.delete(fencingToken);
    if (scope.ended) return;
    await this.#ask(scope, lock, { kind: 'taskRelease', fencingToken }, (answer) => {
      if (answer.kind === 'refused') throw new CodedError(answer.code, answer.message, 'LockError');
    });
  }

  answer(call: number, answer: LockAnswer): void {
    const question = this.#questions.get(call);
    this.#questions.delete(call);
    question?.settle(answer);
  }

  lose(fencingToken: number, reason: string): void {
    const grant = this.#held.get(fencingToken);
    if (grant === undefined) return;
    const error = new CodedError('lock_lost', `the lock ${grant.lock} was lost: ${reason}`, 'LockError');
    grant.loss.abort(error);
    this.stop(grant.scope, error);
  }

  /** Aborts the scope's signal and what it waits for. (L3) */
  stop(scope: Scope, reason: Error): void {
    scope.stop.abort(reason);
    this.#questions.forEach((question) => { if (question.scope === scope) question.giveUp?.(reason); });
  }

  /** Forgets what an ended scope asked and held. Its promises stay open: nobody is left to hear them. */
  forget(scope: Scope): void {
    this.#questions.forEach((question, call) => { if (question.scope === scope) this.#questions.delete(call); });
    this.#held.forEach((grant, token) => { if (grant.scope === scope) this.#held.delete(token); });
  }

  #hold(scope: Scope, lock: string, answer: LockAnswer): HeldLock {
    if (answer.kind === 'refused') throw new CodedError(answer.code, answer.message, 'LockError');
    if (answer.kind === 'released') throw new CodedError('lock_refused', 'a lock was asked for and a release was answered', 'LockError');
    const grant: Grant = { scope, lock, fencingToken: answer.fencingToken, loss: new LazySignal() };
    this.#held.set(answer.fencingToken, grant);
    return new Held(this, grant);
  }

  #ask<Result>(scope: Scope, lock: string, ask: Ask, read: (answer: LockAnswer) => Result): Promise<Result> {
    return new OwnPromise((resolve, reject) => {
      this.#lastCall += 1;
      const call = this.#lastCall;
      const giveUp = (reason: Error): void => {
        this.#questions.set(call, { scope, settle: (answer) => void this.#giveBack(scope, lock, answer) });
        reject(reason);
      };
      const settle = (answer: LockAnswer): void => {
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error);
        }
      };
      this.#questions.set(call, { scope, settle, giveUp: ask.kind === 'taskAcquire' ? giveUp : undefined });
      this.#post({ ...ask, call, scope: scope.number, lock });
    });
  }

  /** A refusal is nobody's: the lease ends with the task in any case. (L3) */
  async #giveBack(scope: Scope, lock: string, answer: LockAnswer): Promise<void> {
    await releaseQuietly(answer.kind === 'granted' ? this.#hold(scope, lock, answer) : undefined);
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

  static isOne(value: object): boolean {
    return #locks in value;
  }

  async withLock<Value>(body: (held: HeldLock) => Value | Promise<Value>): Promise<Value> {
    await using held = await this.acquire();
    return await body(held);
  }
}

class Held implements HeldLock {
  readonly fencingToken: number;
  readonly #locks: TaskLocks;
  readonly #grant: Grant;
  #released: Promise<void> | undefined;

  constructor(locks: TaskLocks, grant: Grant) {
    this.#locks = locks;
    this.#grant = grant;
    this.fencingToken = grant.fencingToken;
  }

  static isOne(value: object): boolean {
    return #grant in value;
  }

  get signal(): AbortSignal {
    return this.#grant.loss.signal;
  }

  release(): Promise<void> {
    this.#released ??= this.#locks.release(this.#grant);
    return this.#released;
  }

  /** A refusal here would only hide the error of the block, and a loss fails the task whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await releaseQuietly(this);
  }
}

/** Whether the value is a lock, or a grant of one, as tasks are given them. */
export function isSharedLock(value: object): boolean {
  return TaskLock.isOne(value) || Held.isOne(value);
}

async function releaseQuietly(held: HeldLock | undefined): Promise<void> {
  try {
    await held?.release();
  } catch {
    // What is refused was lost, or ends with its task.
  }
}

function checkMs(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name} is an integer from ${min} to ${max}`);
}
