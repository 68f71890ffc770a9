// Errors: everything that can go wrong, in five classes.
//
// Owns their words and members. Each says what to do next. A caller's own abort is none of them: that rejects with the
// reason of the caller's signal, as `fetch` does.

import type { Holder, ProblemInfo, TaskError } from './contract.ts';

/** The service said no. Decide by `code`, which is stable. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What to do next, or what happened here. For people; it may change. */
  readonly detail: string;
  /** Names this one answer, also in the log of the service. */
  readonly instance: string;
  /** How a lease ended: `released`, `expired`, `revoked`, `timed_out`, `abandoned` or `forgotten`. */
  readonly reason: string | undefined;
  readonly holders: readonly Holder[] | undefined;
  readonly waiters: number | undefined;
  /** When trying again may help. */
  readonly retryAfterMs: number | undefined;
  /** The number of the grant that stands in the way. */
  readonly fencingToken: number | undefined;
  readonly error: TaskError | undefined;
  /** The id of the batch that has more to say. */
  readonly batch: string | undefined;
  /** A JSON pointer to what is wrong in the body of the request. */
  readonly pointer: string | undefined;

  constructor(problem: ProblemInfo) {
    super(`${problem.title}. ${problem.detail}`);
    this.code = problem.code;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.instance = problem.instance;
    this.reason = problem.reason;
    this.holders = problem.holders;
    this.waiters = problem.waiters;
    this.retryAfterMs = problem.retryAfterMs;
    this.fencingToken = problem.fencingToken;
    this.error = problem.error;
    this.batch = problem.batch;
    this.pointer = problem.pointer;
  }
}

/** Nothing answered, or not in time. Whether the service did what it was asked is not known. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The lock was not to be had within `waitMs`. Nothing is held, and no place in line is kept. */
export class NotAcquiredError extends Error {
  override readonly name = 'NotAcquiredError';
  /** The name of the lock. */
  readonly lock: string;
  /** `lock_held`, `wait_timed_out`, `wait_queue_full` or `too_many_leases`. */
  readonly code: string;
  /** Who had the lock, where the service said so. */
  readonly holders: readonly Holder[];
  /** How many waited for it, where the service said so. */
  readonly waiters: number | undefined;
  /** When trying again may help. */
  readonly retryAfterMs: number | undefined;

  constructor(lock: string, code: string, problem?: Problem) {
    const owners = problem?.holders?.map(({ owner, fencingToken }) => owner ?? `the grant ${fencingToken}`).join(', ') ?? '';
    const held = owners === '' ? '' : ` It is held by ${owners}.`;
    super(`The lock ${lock} was not acquired (${code}).${held} Try again later, or wait in line longer with waitMs.`, { cause: problem });
    this.lock = lock;
    this.code = code;
    this.holders = problem?.holders ?? [];
    this.waiters = problem?.waiters;
    this.retryAfterMs = problem?.retryAfterMs;
  }
}

/**
 * How a lease was lost. `expired`: its time was over, by the clock here or by the word of the service. `revoked`: it was
 * taken away. `unreachable`: no renewal got through until its time was over. `released`: it was given back.
 */
export type LossReason = 'expired' | 'revoked' | 'unreachable' | 'released';

const LOSSES: Readonly<Record<LossReason, string>> = {
  expired: 'its time was over before it was renewed',
  revoked: 'it was taken away',
  unreachable: 'the service could not be reached to renew it',
  released: 'it was released',
};

/** The lock is not held any more: stop what it protects at once, and acquire it again before going on. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  /** The name of the lock. */
  readonly lock: string;
  readonly reason: LossReason;
  /** The number of the grant that was lost. */
  readonly fencingToken: number;

  constructor(lock: string, reason: LossReason, fencingToken: number, cause?: unknown) {
    super(`The lease of ${lock} was lost: ${LOSSES[reason]}. Stop what it protects, and acquire it again before going on.`, { cause });
    this.lock = lock;
    this.reason = reason;
    this.fencingToken = fencingToken;
  }
}

/** A task failed on the service: its error with the name, message, code and stack that it had there. */
export class RemoteTaskError extends Error {
  readonly code: string | undefined;
  /** How it failed: it threw (`error`), took too long, lost its thread or a lock, and so on. */
  readonly kind: TaskError['kind'];
  /** The id of the batch, which has the result of every item. */
  readonly batch: string;

  constructor({ name, message, stack, code, kind }: TaskError, batch: string) {
    super(message);
    this.code = code;
    this.kind = kind;
    this.batch = batch;
    const here = this.stack?.split('\n').filter((line) => line.trimStart().startsWith('at ')) ?? [];
    this.name = name;
    this.stack = [stack ?? `${name}: ${message}`, `    in the batch ${batch}, called`, ...here].join('\n');
  }
}
