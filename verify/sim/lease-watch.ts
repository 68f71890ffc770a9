// Lease watch: what the checkers of graces, of promises and of what is stored hear of one service after the other.
//
// Owns the way there, from the edge, the process and the store; watch.ts has that of answers about locks and batches.

import type { Answer, Engine } from '../../src/engine.ts';
import type { Commit } from '../../src/journal/journal.ts';
import type { Effect } from '../../src/state/effects.ts';
import type { Report } from '../../src/state/inputs.ts';
import type { LeaseView, Reply } from '../../src/state/replies.ts';
import type { State } from '../../src/state/state.ts';
import { Attention } from './checkers/attention.ts';
import { Promises } from './checkers/promises.ts';
import { Stored } from './checkers/stored.ts';
import type { Exchange } from './exchange.ts';
import type { Complain } from './judge.ts';
import type { Process } from './process.ts';

type Request = Parameters<Engine['submit']>[0];

export class LeaseWatch {
  readonly #attention: Attention;
  readonly #promises: Promises;
  readonly #stored: Stored;
  readonly #real: () => number;

  constructor(complain: Complain, real: () => number) {
    this.#attention = new Attention(complain);
    this.#promises = new Promises(complain);
    this.#stored = new Stored(complain);
    this.#real = real;
  }

  /** A request about a lease has come to the edge. */
  arrives(exchange: Exchange, request: Request, now: number): void {
    if (request.kind !== 'acquire' && request.kind !== 'readLease' && request.kind !== 'renew') return;
    const { kind, lease } = request;
    const until = kind === 'renew' ? -Infinity : now + request.waitMs;
    const isWatched = kind !== 'renew' && request.waitMs > 0;
    this.#attention.asks(exchange, { lease, kind, key: kind === 'acquire' ? request.key : undefined, until, isWatched }, now);
  }

  /** A request goes to the machine; hears of its answer before anything else does. */
  heard(request: Request, answer: Answer, now: number): Answer {
    if (request.kind !== 'renew' && request.kind !== 'readLease' && request.kind !== 'release') return answer;
    const { lease } = request;
    const until = this.#promises.until(lease);
    if (request.kind === 'renew' && request.ttlMs !== undefined) this.#promises.shortens(lease, now + request.ttlMs, request.ttlMs, this.#real());
    return (told) => {
      if (hasExpired(told)) this.#promises.expired(lease, now, until);
      if (request.kind === 'release' && told.kind === 'done') this.#stored.released(lease);
      answer(told);
    };
  }

  /** An answer about a lease is written. */
  wrote(exchange: Exchange, { lease }: LeaseView, body: { readonly state: string; readonly expiresInMs?: number | undefined }, now: number): void {
    this.#stored.shown(lease);
    if (body.state !== 'held' || body.expiresInMs === undefined) return;
    this.#attention.wrote(exchange, lease.id);
    this.#promises.said(lease.id, now + body.expiresInMs, lease.ttlMs, exchange.exchange.arrivedAt);
  }

  /** A process has started, with the time that its journal ends with. */
  started(now: number): void {
    this.#promises.started(now, this.#real());
  }

  /** An input has arrived, with the service's time as it was then. */
  arrived(now: number): void {
    this.#promises.arrived(now, this.#real());
  }

  /** The machine has taken in inputs, from clients and, the reports among them, from the world; `now`: of the latest. */
  stepped(process: Process, reports: readonly Report[], now: number): void {
    if (!process.isOpen) return;
    const { state } = process;
    for (const report of reports) {
      if (report.kind === 'opened') this.#promises.opened(process.startedAt, now);
      if (report.kind === 'uncarried') this.#attention.uncarried(state, report.lease);
    }
    this.#promises.look();
    this.#attention.look(state, now);
  }

  stalled(ms: number): void {
    this.#promises.stalled(ms, this.#real());
    this.#attention.stalled();
  }

  committed(commit: Commit): void {
    this.#stored.committed(commit);
  }

  /** What an orderly stop has put back already may still be told: nobody runs it any more. */
  performs(effect: Effect, state: State): void {
    if (state.phase === 'stopped') return;
    const token = effect.kind === 'answerLock' && effect.answer.kind === 'granted' ? effect.answer.fencingToken : undefined;
    this.#stored.performed(effect, token === undefined ? undefined : heldByTask(state, token));
  }
}

function hasExpired(told: Reply): boolean {
  if (told.kind === 'lease') return told.view.lease.state === 'expired';
  return told.kind === 'refused' && told.refusal.code === 'lease_lost' && told.refusal.reason === 'expired';
}

function heldByTask(state: State, token: number): string | undefined {
  for (const lease of state.places.values()) if (lease.state === 'held' && lease.fencingToken === token) return lease.lock;
  return undefined;
}
