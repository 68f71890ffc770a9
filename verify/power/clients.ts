// Clients: a load of requests that change state, each client one after another on a connection of its own.
//
// Owns what is asked and what was answered, and when. Does not own what the answers promise (promises.ts).
//   C1. A client has an address of its own, 127.0.1.n, so that a recording tells whose answers it holds; its k-th answer
//       is that of its k-th call.
//   C2. No two clients touch the same lock, so what each was told can be checked without the others.

import { Client as Connection } from 'undici';
import type { Chance } from '../chance.ts';

export type Op =
  | { readonly kind: 'declare'; readonly lock: string; readonly description: string }
  | { readonly kind: 'acquire'; readonly lock: string; readonly ttlMs: number }
  /** `of`: which of the client's calls acquired the lease. */
  | { readonly kind: 'renew'; readonly of: number; readonly ttlMs: number }
  | { readonly kind: 'release'; readonly of: number }
  | { readonly kind: 'batch'; readonly values: readonly string[] };

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Call {
  readonly op: Op;
  /** Monotonic, in milliseconds. */
  readonly sentAt: number;
  /** Absent when the connection broke before: nobody knows what became of it. */
  answered?: Answer & { readonly at: number };
}

/** The clock of the shim's trace. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const HOUR_MS = 3_600_000;
/** The first of the clients' addresses. */
export const FIRST_ADDRESS = 0x7f_00_01_00;

/** The service answered that it could not do what it was asked. */
export class NotServed extends Error {
  override readonly name = 'NotServed';
}

export class LoadClient {
  readonly calls: Call[] = [];
  readonly #name: string;
  readonly #chance: Chance;
  readonly #connection: Connection;
  /** Calls whose lease is held, as far as the client knows. */
  readonly #held: number[] = [];

  constructor(origin: string, index: number, chance: Chance) {
    this.#name = `c${index}`;
    this.#chance = chance;
    this.#connection = new Connection(origin, { localAddress: `127.0.1.${index}`, pipelining: 1, keepAliveTimeout: 60_000 });
  }

  /** Makes one call; false when the connection broke. Rejects with `NotServed` when the service could not do it, which acknowledges nothing. */
  async step(): Promise<boolean> {
    const call: Call = { op: this.#draw(), sentAt: monotonicMs() };
    this.calls.push(call);
    let answer;
    try {
      answer = await ask(this.#connection, ...requestFor(call.op, this.calls));
    } catch {
      return false;
    }
    if (answer.status >= 500) throw new NotServed(`${call.op.kind} was answered ${answer.status} ${JSON.stringify(answer.body['code'])}`);
    call.answered = { ...answer, at: monotonicMs() };
    if (call.op.kind === 'acquire') this.#held.push(this.calls.length - 1);
    if (call.answered.status >= 300) throw new Error(`${call.op.kind} was answered ${call.answered.status} ${JSON.stringify(call.answered.body['code'])}`);
    return true;
  }

  async close(): Promise<void> {
    await this.#connection.destroy();
  }

  #draw(): Op {
    const n = this.calls.length;
    const lock = `${this.#name}/lock-${n}`;
    const ttlMs = HOUR_MS + n;
    const kind = this.#chance.pick(['declare', 'acquire', 'acquire', 'acquire', 'renew', 'renew', 'release', 'release', 'batch'] as const);
    const of = this.#chance.int(0, Math.max(0, this.#held.length - 1));
    const lease = this.#held[of];
    if (kind === 'declare') return { kind, lock: this.#chance.bool(0.5) ? `${this.#name}/declared` : lock, description: `as of call ${n}` };
    if (kind === 'batch') return { kind, values: Array.from({ length: this.#chance.int(1, 4) }, (_, item) => `${this.#name} ${n} ${item} ${'x'.repeat(this.#chance.int(0, 3_000))}`) };
    if (kind === 'renew' && lease !== undefined) return { kind, of: lease, ttlMs };
    if (kind === 'release' && lease !== undefined) {
      this.#held.splice(of, 1);
      return { kind, of: lease };
    }
    return { kind: 'acquire', lock, ttlMs };
  }
}

type Asked = readonly [method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object];

function requestFor(op: Op, calls: readonly Call[]): Asked {
  if (op.kind === 'declare') return ['PUT', `/v1/locks/${encodeURIComponent(op.lock)}`, { kind: 'mutex', description: op.description }];
  if (op.kind === 'acquire') return ['POST', `/v1/locks/${encodeURIComponent(op.lock)}/leases`, { owner: op.lock, ttlMs: op.ttlMs }];
  if (op.kind === 'renew') return ['POST', `/v1/leases/${leaseOf(calls[op.of])}/renew`, { ttlMs: op.ttlMs }];
  if (op.kind === 'release') return ['DELETE', `/v1/leases/${leaseOf(calls[op.of])}`];
  return ['POST', '/v1/batches', { function: 'echo', items: op.values, waitMs: 20_000 }];
}

/** The lease that a call acquired; an empty text when nobody was told. */
export function leaseOf(call: Call | undefined): string {
  const id = call?.answered?.body['id'];
  return typeof id === 'string' ? id : '';
}

export async function ask(connection: Connection, method: Asked[0], path: string, body?: object): Promise<Answer> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await connection.request({ method, path, headers: type, body: body === undefined ? null : JSON.stringify(body) });
  const text = await response.body.text();
  return { status: response.statusCode, body: JSON.parse(text === '' ? '{}' : text) };
}
