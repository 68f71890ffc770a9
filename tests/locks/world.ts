// World: the pure machine with a clock in the hand, for tests of lock rules.
//
// Owns time and the numbering of requests. Every answer is kept by its request until a test asks for it.

import { crc32 } from 'node:zlib';
import { start, step } from '../../src/machine.ts';
import type { Effect } from '../../src/state/effects.ts';
import type { ClientRequest, Input, Report } from '../../src/state/inputs.ts';
import type { Reply } from '../../src/state/replies.ts';
import { brokenInvariants } from '../../src/state/invariants.ts';
import { State } from '../../src/state/state.ts';
import type { StoredRow } from '../../src/state/load.ts';
import type { Output } from '../../src/state/step.ts';

type Unnumbered<Request> = Request extends unknown ? Omit<Request, 'request'> : never;
const WALL = Date.UTC(2026, 0, 1);

export class World {
  now = 1_000;
  state: State;
  readonly effects: Effect[] = [];
  #stored = new Map<string, StoredRow>();
  #answers = new Map<number, Reply>();
  #requests = 0;
  readonly #checked: boolean;
  #leases = 0;

  /** `checked`: all invariants are looked at after every step, which costs more the more there is. */
  constructor(checked = true) {
    this.#checked = checked;
    this.state = newState();
    this.#take(start(this.state, this.now, WALL + this.now, [], new Set()));
    this.report({ kind: 'opened' });
  }

  /** Sends a request and returns its number; `answerTo` has the answer, once there is one. */
  ask(request: Unnumbered<ClientRequest>): number {
    const number = ++this.#requests;
    this.#step({ ...request, request: number });
    return number;
  }

  report(report: Report): void {
    this.#step(report);
  }

  answerTo(request: number): Reply | undefined {
    return this.#answers.get(request);
  }

  /** Acquires with defaults and returns the number of the request and the id that the lease would get. */
  acquire(lock: string, options: { waitMs?: number; ttlMs?: number; ticket?: boolean; key?: string; body?: string; owner?: string } = {}): { request: number; lease: string } {
    const lease = `lse_${String(++this.#leases).padStart(22, '0')}`;
    const key = options.key === undefined ? undefined : { id: options.key, fingerprint: options.body ?? 'body' };
    const request = this.ask({
      kind: 'acquire', lock, lease, ticket: options.ticket ?? false, key, owner: options.owner,
      ttlMs: options.ttlMs ?? 30_000, waitMs: options.waitMs ?? 0,
    });
    return { request, lease };
  }

  /** The connection closes. Whoever finds it so reports the grant that its answer alone could have carried. */
  hangUp(request: number): void {
    this.report({ kind: 'hangUp', request });
    const reply = this.answerTo(request);
    if (reply?.kind === 'lease' && reply.grant === 'sole') this.report({ kind: 'uncarried', lease: reply.view.lease.id });
  }

  /** The answer goes out to an open connection. */
  carry(request: number): void {
    this.report({ kind: 'carried', request });
  }

  pass(ms: number): void {
    this.now += ms;
    this.report({ kind: 'tick' });
  }

  /** The process dies and starts again on what was stored; its port is open `openAfterMs` later. */
  restart(openAfterMs = 0): void {
    this.state = newState();
    this.#answers = new Map();
    const rows = [...this.#stored.values()].map((row) => structuredClone(row));
    this.#take(start(this.state, this.now, WALL + this.now, rows, new Set()));
    this.now += openAfterMs;
    this.report({ kind: 'opened' });
  }

  #step(input: Input): void {
    this.#take(step(this.state, this.now, WALL + this.now, input));
  }

  #take(output: Output): void {
    for (const { request, reply } of output.answers) this.#answers.set(request, reply);
    for (const { effect } of output.orders) this.effects.push(effect);
    for (const { table, key, row, place } of this.state.changes.take().rows) {
      if (row === undefined) this.#stored.delete(`${table}/${key}`);
      else this.#stored.set(`${table}/${key}`, { table, key, row, slot: place.slot, checksum: place.checksum });
    }
    this.state.changes.flushed();
    if (!this.#checked) return;
    const broken = brokenInvariants(this.state);
    if (broken.length > 0) throw new Error(broken.join('; '));
  }
}

function newState(): State {
  return new State({ workers: 2, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
}

/** The held lease of an answer; fails when the answer is anything else. */
export function heldOf(reply: Reply | undefined) {
  if (reply?.kind !== 'lease' || reply.view.lease.state !== 'held') throw new Error(`not a held lease: ${JSON.stringify(reply)}`);
  return reply.view.lease;
}

/** The answer, if it is of that kind; fails when it is anything else. */
export function replyOf<Kind extends Reply['kind']>(reply: Reply | undefined, kind: Kind): Extract<Reply, { kind: Kind }> {
  if (!isKind(reply, kind)) throw new Error(`not of kind ${kind}: ${JSON.stringify(reply)}`);
  return reply;
}

function isKind<Kind extends Reply['kind']>(reply: Reply | undefined, kind: Kind): reply is Extract<Reply, { kind: Kind }> {
  return reply?.kind === kind;
}

export function codeOf(reply: Reply | undefined): string | undefined {
  return reply?.kind === 'refused' ? reply.refusal.code : reply?.kind;
}
