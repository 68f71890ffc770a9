// Shared locks as the code of a task sees them.
//
// Owns the questions that this thread has asked and not heard the answer to, and the signals of what it holds. Does not
// own who holds a lock: that is the machine's, which also releases what a task still holds when it ends.
//   L1. A lock is acquired for the scope whose code calls, wherever the lock came from.
//   L2. What is held is known here before anything else is heard from the main thread, so no loss can miss it.
//   L3. A task that is told to stop waits for no lock any longer; one that is granted nevertheless is given back.
//   L4. A release waits for no answer. It is heard before whatever this thread says next, and one that came too late would
//       be told nothing that the loss has not told.

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
  /** It is no longer waited for. */
  readonly giveUp?: ((reason: Error) => void) | undefined;
}

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
  /** Waits for what the main thread says, behind the code that asked. */
  readonly #awaitSoon: () => void;
  readonly #questions = new OwnMap<number, Question>();
  readonly #held = new OwnMap<number, Grant>();
  #lastCall = 0;

  constructor(post: PostFromThread, awaitSoon: () => void) {
    this.#post = post;
    this.#awaitSoon = awaitSoon;
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
    return new OwnPromise((resolve, reject) => {
      this.#lastCall += 1;
      const call = this.#lastCall;
      const giveUp = (reason: Error): void => {
        this.#questions.set(call, { scope, settle: (answer) => this.#giveBack(scope, lock, answer) });
        reject(reason);
      };
      const settle = (answer: LockAnswer): void => {
        if (answer.kind === 'granted') resolve(new Held(this, this.#hold(scope, lock, answer.fencingToken)));
        else reject(new CodedError(answer.code, answer.message, 'LockError'));
      };
      this.#questions.set(call, { scope, settle, giveUp });
      this.#post({ kind: 'taskAcquire', call, scope: scope.number, lock, ...(ttlMs === undefined ? {} : { ttlMs }), ...(waitMs === undefined ? {} : { waitMs }) });
      this.#awaitSoon();
    });
  }

  /** Releasing again, or what ended with its scope, says nothing. (L4) */
  release({ lock, fencingToken }: Grant): void {
    if (this.#held.delete(fencingToken)) this.#post({ kind: 'taskRelease', lock, fencingToken });
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

  #hold(scope: Scope, lock: string, fencingToken: number): Grant {
    const grant: Grant = { scope, lock, fencingToken, loss: new LazySignal() };
    this.#held.set(fencingToken, grant);
    return grant;
  }

  /** A refusal is nobody's any more. (L3) */
  #giveBack(scope: Scope, lock: string, answer: LockAnswer): void {
    if (answer.kind === 'granted') this.release(this.#hold(scope, lock, answer.fencingToken));
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

  async release(): Promise<void> {
    this.#locks.release(this.#grant);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Whether the value is a lock, or a grant of one, as tasks are given them. */
export function isSharedLock(value: object): boolean {
  return TaskLock.isOne(value) || Held.isOne(value);
}

function checkMs(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name} is an integer from ${min} to ${max}`);
}
