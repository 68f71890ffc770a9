// Held lease: a lock that is held, renewed until it is released, and known to be lost in time.
//
// Owns renewing, the bound and the end of one lease. Does not own how it was acquired (acquire.ts).
//   H1. The lease is held until its term is over (term.ts), by clocks that are read at that very moment. `assertHeld`
//       reads them; the signal is aborted `LEAD_MS` before whenever the loop turns.
//   H2. It is renewed when a third of its time has gone, and from then on until an answer came. A try that takes long is
//       not given up: another is made beside it, and the best answer counts.
//   H3. It is lost once, with one reason, and never held again.
//   H4. No timer of it keeps a process alive, and after its end none is set. A request that is under way does.

import { LeaseLostError, Problem, UnreachableError, type LossReason } from './errors.ts';
import type { Grant } from './acquire.ts';
import { releaseLease, renewLease } from './lease-calls.ts';
import { moment, sinceMs, type Moment } from './moment.ts';
import { isPassing, persistently } from './retry.ts';
import { leftMs, termOf, type Term } from './term.ts';
import { Alarm } from './timers.ts';
import type { Transport } from './transport.ts';

/** How long before its bound the work is told to stop. */
const LEAD_MS = 10;
/** Timers stand still while a machine sleeps, so the clocks are looked at this often. */
const WATCH_MS = 500;
/** Tries to renew begin at least this far apart, and otherwise by this part of the lease's time. */
const TRY_MS_MIN = 25;
const TRIES_PER_TTL = 8;
/** What the service says to a lease that it does not hold to. */
const OVER: ReadonlySet<string> = new Set(['lease_lost', 'lease_not_found']);

/** What work under a lock is given. All of it may be taken apart: `({ signal, assertHeld }) => …`. */
export interface Held {
  /** The name of the lock. */
  readonly lock: string;
  /** The number of the grant. Hand it to what the lock protects, with each write; that refuses a lower one than it has seen. */
  readonly fencingToken: number;
  /**
   * Aborted when the lease is lost, before its bound whenever the loop turns, with a `LeaseLostError` whose `reason` is
   * `expired`, `revoked` or `unreachable`; or by the caller's own signal, with that one's reason.
   */
  readonly signal: AbortSignal;
  /** Throws a `LeaseLostError` unless the lock is surely held at this very moment. Call it right before a write. */
  readonly assertHeld: () => void;
}

export class HeldLease implements Held, AsyncDisposable {
  readonly lock: string;
  readonly fencingToken: number;
  readonly #id: string;
  readonly #transport: Transport;
  readonly #retryForMs: number;
  readonly #ttlMs: number;
  readonly #stopping = new AbortController();
  /** Ends the renewals under way. */
  readonly #ending = new AbortController();
  readonly #alarm = new Alarm();
  readonly #callerSignal: AbortSignal | undefined;
  #term: Term;
  #renewal: { readonly since: Moment; readonly afterMs: number };
  #failure: unknown;
  /** Renewals without an answer since the latest one. */
  #unanswered = 0;
  #loss: LeaseLostError | undefined;
  #isLossTold = false;
  #released: Promise<void> | undefined;

  /** Begins to renew at once. */
  constructor(transport: Transport, lock: string, grant: Grant, retryForMs: number, callerSignal: AbortSignal | undefined) {
    this.lock = lock;
    this.fencingToken = grant.fencingToken;
    this.#id = grant.lease.id;
    this.#transport = transport;
    this.#retryForMs = retryForMs;
    this.#ttlMs = grant.lease.ttlMs;
    this.#term = grant.term;
    this.#renewal = { since: grant.term.sentAt, afterMs: grant.term.renewAfterMs };
    this.#callerSignal = callerSignal;
    if (callerSignal?.aborted === true) this.#onCallerAbort();
    else callerSignal?.addEventListener('abort', this.#onCallerAbort);
    this.#watch();
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** For how long the lock is surely held unless it is renewed; 0 when it is not. */
  get leftMs(): number {
    return this.#loss === undefined && this.#released === undefined ? Math.max(0, leftMs(this.#term)) : 0;
  }

  readonly assertHeld = (): void => {
    if (this.#released !== undefined) this.#loss ??= this.#lossBy('released');
    else if (this.#loss === undefined && leftMs(this.#term) <= 0) this.#lose(this.#overdue());
    if (this.#loss === undefined) return;
    this.#isLossTold = true;
    throw this.#loss;
  };

  /**
   * Gives the lock back; called again it does nothing more. Rejects with a `LeaseLostError` if it was not held until now,
   * and with an `UnreachableError` or a `Problem` if the service could not be told: then the lease ends by itself.
   */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /** Releases, and throws if the lease was lost and nobody has been told. Where nobody could be told, it ends by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      const isKnown = error instanceof LeaseLostError ? this.#isLossTold : error instanceof UnreachableError || error instanceof Problem;
      if (!isKnown) throw error;
    }
  }

  /** A lease is its holder's alone. */
  toJSON(): never {
    throw new TypeError(`A lease of ${this.lock} cannot be handed on. To share the lock with tasks pass holdfast.lock(${JSON.stringify(this.lock)}).`);
  }

  readonly #onCallerAbort = (): void => { this.#stopping.abort(this.#callerSignal?.reason); };

  // --- the bound

  /** What is due is done, and the alarm set for what is next. (H1) */
  readonly #watch = (): void => {
    const restMs = leftMs(this.#term) - LEAD_MS;
    if (restMs <= 0) return this.#lose(this.#overdue());
    let renewInMs = this.#renewal.afterMs - sinceMs(this.#renewal.since);
    if (renewInMs <= 0) {
      renewInMs = Math.max(TRY_MS_MIN, this.#ttlMs / TRIES_PER_TTL);
      this.#renewal = { since: moment(), afterMs: renewInMs };
      void this.#renew();
    }
    this.#alarm.set(Math.min(restMs, renewInMs, WATCH_MS), this.#watch);
  };

  #overdue(): LeaseLostError {
    return this.#lossBy(this.#failure === undefined && this.#unanswered === 0 ? 'expired' : 'unreachable', this.#failure);
  }

  #lossBy(reason: LossReason, cause?: unknown): LeaseLostError {
    return new LeaseLostError(this.lock, reason, this.fencingToken, cause);
  }

  /** (H3) */
  #lose(loss: LeaseLostError): void {
    this.#loss = loss;
    this.#end();
    this.#stopping.abort(loss);
  }

  /** (H4) */
  #end(): void {
    this.#alarm.clear();
    this.#ending.abort();
    this.#callerSignal?.removeEventListener('abort', this.#onCallerAbort);
  }

  get #isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  // --- renewing

  /** One try. Never rejects. (H2) */
  async #renew(): Promise<void> {
    this.#unanswered++;
    try {
      const { body, sentAt } = await renewLease(this.#transport, this.#id, this.#ttlMs, this.#ttlMs, this.#ending.signal);
      if (!this.#isOver) this.#extend(termOf(sentAt, body));
    } catch (error) {
      if (!this.#isOver) this.#failed(error);
    }
  }

  #extend(term: Term): void {
    if (leftMs(term) <= leftMs(this.#term)) return;
    this.#term = term;
    this.#renewal = { since: term.sentAt, afterMs: term.renewAfterMs };
    this.#unanswered = 0;
    this.#failure = undefined;
    this.#watch();
  }

  #failed(error: unknown): void {
    this.#failure = error;
    const loss = this.#lossSaidBy(error);
    if (loss !== undefined) return this.#lose(loss);
    const askedMs = error instanceof Problem ? error.retryAfterMs ?? 0 : 0;
    if (askedMs > 0) this.#renewal = { since: moment(), afterMs: Math.min(askedMs, leftMs(this.#term) / 2) };
  }

  /** What the service says of a lease that is over. */
  #lossSaidBy(error: unknown): LeaseLostError | undefined {
    if (!(error instanceof Problem) || !OVER.has(error.code)) return undefined;
    const reason = error.reason === 'revoked' || error.reason === 'released' ? error.reason : 'expired';
    return this.#lossBy(reason, error);
  }

  // --- releasing

  async #release(): Promise<void> {
    if (this.#loss === undefined && leftMs(this.#term) <= 0) this.#lose(this.#overdue());
    this.#end();
    if (this.#loss !== undefined) {
      this.#letGo();
      throw this.#loss;
    }
    const forMs = Math.min(this.#retryForMs, leftMs(this.#term));
    try {
      await persistently(() => releaseLease(this.#transport, this.#id), { since: moment(), forMs, mayRetry: isPassing });
    } catch (error) {
      this.#loss = this.#lossSaidBy(error);
      throw this.#loss ?? error;
    }
  }

  /** A try to renew may have got through although no answer did: then nobody need wait for the end of what it brought. */
  #letGo(): void {
    if (this.#loss?.reason !== 'revoked') releaseLease(this.#transport, this.#id).catch(() => undefined);
  }
}
