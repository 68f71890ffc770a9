// Lock: everything that can be asked of one lock by its name.
//
// Owns `run`, the way in which work and lease end together. Does not own acquiring (acquire.ts) or holding
// (held-lease.ts).

import { acquire, type AcquireOptions } from './acquire.ts';
import type { Calls } from './calls.ts';
import type { Declaration, LeaseInfo, LockInfo, PageQuery, WaiterPage } from './contract.ts';
import { LeaseLostError, Problem, UnreachableError } from './errors.ts';
import { HeldLease, type Held } from './held-lease.ts';
import { isAmbiguous, isPassing } from './retry.ts';

export class Lock {
  readonly name: string;
  readonly #calls: Calls;

  /** Use `holdfast.lock(name)`. */
  constructor(calls: Calls, name: string) {
    this.#calls = calls;
    this.name = name;
  }

  /**
   * Runs the function while the lock is held, and gives the lock back when it has ended. Returns what it returned, if the
   * lock was held all the time; rejects with its error, or with a `LeaseLostError` if the lease was lost meanwhile (its
   * `cause` is then what the function threw). The function is never left running: if it does not heed `signal`, `run`
   * waits for it. Acquiring may reject as `acquire` does.
   */
  async run<T>(work: (held: Held) => Promise<T> | T, options: AcquireOptions = {}): Promise<T> {
    const lease = await this.acquire(options);
    const outcome = await outcomeOf(work, lease);
    const loss = await released(lease);
    if (loss !== undefined) throw 'error' in outcome ? withCause(loss, outcome.error) : loss;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /**
   * Acquires the lock and renews it until it is released: `await using lease = await lock.acquire()`. Rejects with
   * `NotAcquiredError` if it was not to be had within `waitMs`, `UnreachableError`, another `Problem`, or the reason of
   * `signal`, after leaving the line.
   */
  async acquire(options: AcquireOptions = {}): Promise<HeldLease> {
    const { transport, retryForMs } = this.#calls;
    const grant = await acquire(transport, this.name, options, retryForMs);
    return new HeldLease(transport, this.name, grant, retryForMs, options.signal);
  }

  /** Acquires as `acquire` does, and leaves renewing and releasing to you: `holdfast.lease(id)`. */
  async acquireLease(options: AcquireOptions = {}): Promise<LeaseInfo> {
    const { transport, retryForMs } = this.#calls;
    const { lease } = await acquire(transport, this.name, options, retryForMs);
    return lease;
  }

  /** Who holds it and how many wait. A lock that nobody declared, holds or waits for is the problem `lock_not_found`. */
  show(): Promise<LockInfo> {
    return this.#calls.body({ method: 'GET', path: this.#path() });
  }

  /** A page of the line, in its order. */
  waiters(page: PageQuery = {}): Promise<WaiterPage> {
    return this.#calls.body({ method: 'GET', path: this.#path('/waiters'), query: { ...page } });
  }

  /** Declares the lock, or replaces its declaration, whole. Who holds it keeps it. */
  declare(declaration: Declaration = {}): Promise<LockInfo> {
    return this.#calls.body({ method: 'PUT', path: this.#path(), body: declaration });
  }

  /**
   * Takes the lock from its holder. With `fencingToken` only that grant is taken, else it is the problem `lock_held`.
   * Without it the request is not sent again when its answer is lost: it could take the lock from the next holder.
   */
  revoke({ fencingToken, reason }: { readonly fencingToken?: number | undefined; readonly reason?: string | undefined } = {}): Promise<LockInfo> {
    const mayRetry = (error: Problem | UnreachableError): boolean => isPassing(error) && (fencingToken !== undefined || !isAmbiguous(error));
    return this.#calls.body({ method: 'POST', path: this.#path('/revoke'), body: { fencingToken, reason } }, { mayRetry });
  }

  /** Forgets the declaration; the problem `lock_held` while somebody holds it or waits. */
  async delete(): Promise<void> {
    await this.#calls.body({ method: 'DELETE', path: this.#path() });
  }

  /** What tasks receive as this lock, anywhere in their arguments. */
  toJSON(): { readonly $lock: string } {
    return { $lock: this.name };
  }

  #path(rest = ''): string {
    return `/v1/locks/${encodeURIComponent(this.name)}${rest}`;
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(work: (held: Held) => Promise<T> | T, lease: HeldLease): Promise<Outcome<T>> {
  try {
    return { value: await work(lease) };
  } catch (error) {
    return { error };
  }
}

/** The loss as the work met it, and what the work threw then. */
function withCause(loss: LeaseLostError, thrown: unknown): LeaseLostError {
  return thrown === loss ? loss : new LeaseLostError(loss.lock, loss.reason, loss.fencingToken, thrown);
}

/** Releases; gives the loss of the lease if it was lost. Where the service cannot be told, the lease ends by itself. */
async function released(lease: HeldLease): Promise<LeaseLostError | undefined> {
  try {
    await lease.release();
    return undefined;
  } catch (error) {
    if (error instanceof LeaseLostError) return error;
    if (error instanceof UnreachableError || error instanceof Problem) return undefined;
    throw error;
  }
}
