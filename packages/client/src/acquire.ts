// Acquire: the way from a wish to a grant.
//
// Owns asking, waiting in line and leaving it. Does not own the grant afterwards (held-lease.ts).
//   A1. Every wait is by a ticket, which a cut connection or a restart of the service does not end and which can be
//       left at once. It is followed by requests of `FOLLOW_MS`, that no proxy takes for idle.
//   A2. A request whose answer was lost is asked again with its `Idempotency-Key`, and finds its place or its grant.
//   A3. Whoever gives up leaves: neither a place nor a grant stays behind where the service can be told.
//   A4. A grant whose time was over when its answer came was none: it is given back, and asked for anew.

import type { Jsonable, LeaseInfo } from './contract.ts';
import { NotAcquiredError, Problem, UnreachableError } from './errors.ts';
import { getLease, releaseLease } from './lease-calls.ts';
import { moment, sinceMs, type Moment } from './moment.ts';
import { isAmbiguous, isPassing, persistently } from './retry.ts';
import { leftMs, termOf, type Term } from './term.ts';
import { pause, untilAborted, within } from './timers.ts';
import type { Answer, Transport } from './transport.ts';

/** A ticket is kept for 30 s after its last reading: one reading may be lost. */
const FOLLOW_MS = 10_000;
/** How long a caller who gives up waits until the service knows. */
const LEAVE_MS_MAX = 1_000;
const PAUSE_MS = 50;
/** The lock is there, and not for us now. */
const NOT_TO_BE_HAD: ReadonlySet<string> = new Set(['lock_held', 'wait_timed_out', 'wait_queue_full', 'too_many_leases']);
/** What the request had brought was over when it was asked for again. */
const ENDED: ReadonlySet<string> = new Set(['lease_lost', 'lease_not_found']);

export interface AcquireOptions {
  /** How long the lease lasts unless it is renewed: 100 to 86,400,000; 30,000 when absent. */
  readonly ttlMs?: number | undefined;
  /** How long to wait in line, to 86,400,000; 0, when absent, tries once. */
  readonly waitMs?: number | undefined;
  /** The name that you give yourself; shown to whoever looks at the lock. */
  readonly owner?: string | undefined;
  /** Anything that helps people who look at the lock; up to 4 KiB of JSON. */
  readonly metadata?: Jsonable | undefined;
  /** Ends the waiting, and later tells the work under the lock to stop. */
  readonly signal?: AbortSignal | undefined;
}

export interface Grant {
  readonly lease: LeaseInfo;
  readonly fencingToken: number;
  readonly term: Term;
}

/**
 * Waits in line for up to `waitMs`; the service itself is sought for `retryForMs`, or for as long as the wait if that is
 * longer. Rejects with `NotAcquiredError`, `UnreachableError`, another `Problem`, or the reason of the signal.
 */
export async function acquire(transport: Transport, lock: string, options: AcquireOptions, retryForMs: number): Promise<Grant> {
  options.signal?.throwIfAborted();
  const since = moment();
  const waitMs = options.waitMs ?? 0;
  const patienceMs = Math.max(waitMs, retryForMs);
  for (;;) {
    const grant = await new Claim(transport, lock, options, { since, waitMs, patienceMs }).pursue();
    if (grant !== undefined) return grant;
    if (sinceMs(since) > patienceMs) throw new UnreachableError(`No answer with a grant of ${lock} came before its time was over.`);
    await pause(PAUSE_MS, options.signal);
  }
}

interface Time {
  readonly since: Moment;
  readonly waitMs: number;
  readonly patienceMs: number;
}

/** One request for a lock with its key, to its end. */
class Claim {
  readonly #transport: Transport;
  readonly #lock: string;
  readonly #options: AcquireOptions;
  readonly #time: Time;
  readonly #key = crypto.randomUUID();
  #asking: Promise<Answer<LeaseInfo>> | undefined;
  #id: string | undefined;

  constructor(transport: Transport, lock: string, options: AcquireOptions, time: Time) {
    this.#transport = transport;
    this.#lock = lock;
    this.#options = options;
    this.#time = time;
  }

  /** `undefined` where it came to nothing that anybody decided, and another may be made. */
  async pursue(): Promise<Grant | undefined> {
    try {
      const asked = await this.#persistently(() => this.#ask());
      const grant = grantOf(asked.body.state === 'waiting' ? await this.#follow(asked.body.id) : asked);
      if (grant === undefined) await this.#leave();
      return grant;
    } catch (error) {
      await this.#leave();
      if (error instanceof Problem && ENDED.has(error.code)) return undefined;
      throw isNotToBeHad(error) ? new NotAcquiredError(this.#lock, error.code, error) : error;
    }
  }

  /** The caller's signal ends the waiting for the answer, not the request: what it brings has to be given back. (A3) */
  async #ask(): Promise<Answer<LeaseInfo>> {
    const answer = await untilAborted(this.#post(), this.#options.signal);
    this.#id = answer.body.id;
    return answer;
  }

  /** (A2) */
  #post(): Promise<Answer<LeaseInfo>> {
    const { ttlMs, waitMs, owner, metadata } = this.#options;
    this.#asking = this.#transport.send({
      method: 'POST',
      path: `/v1/locks/${encodeURIComponent(this.#lock)}/leases`,
      body: { ttlMs, waitMs, owner, metadata },
      headers: { 'idempotency-key': this.#key, prefer: 'respond-async' },
    });
    return this.#asking;
  }

  /** (A1) */
  async #follow(ticket: string): Promise<Answer<LeaseInfo>> {
    for (;;) {
      const restMs = Math.max(0, this.#time.waitMs - sinceMs(this.#time.since));
      const sliceMs = Math.ceil(Math.min(FOLLOW_MS, restMs));
      const answer = await this.#persistently(() => getLease(this.#transport, ticket, sliceMs, this.#options.signal));
      const { state } = answer.body;
      if (state === 'timed_out' || (state === 'waiting' && restMs === 0)) throw new NotAcquiredError(this.#lock, 'wait_timed_out');
      if (state !== 'waiting') return answer;
    }
  }

  #persistently<T>(attempt: () => Promise<T>): Promise<T> {
    const { since, waitMs, patienceMs } = this.#time;
    return persistently(attempt, {
      since, forMs: patienceMs, signal: this.#options.signal,
      mayRetry: (error) => isPassing(error) && (waitMs > 0 || !isNotToBeHad(error)),
    });
  }

  /** (A3) */
  #leave(): Promise<void> {
    return within(this.#giveBack(), LEAVE_MS_MAX);
  }

  async #giveBack(): Promise<void> {
    const id = this.#id ?? await this.#learn();
    if (id !== undefined) await releaseLease(this.#transport, id);
  }

  /** What the request under way, or the one whose answer was lost, brought. */
  async #learn(): Promise<string | undefined> {
    try {
      return (await this.#asking)?.body.id;
    } catch (error) {
      if (error instanceof Problem && !isAmbiguous(error)) return undefined;
      return (await this.#post()).body.id;
    }
  }
}

/** (A4) */
function grantOf({ body, sentAt }: Answer<LeaseInfo>): Grant | undefined {
  if (body.state !== 'held' || body.fencingToken === undefined) return undefined;
  const term = termOf(sentAt, body);
  return leftMs(term) > 0 ? { lease: body, fencingToken: body.fencingToken, term } : undefined;
}

function isNotToBeHad(error: unknown): error is Problem {
  return error instanceof Problem && NOT_TO_BE_HAD.has(error.code);
}
