// Caller: one client's connection, every call of which is recorded.
//
// Owns how a request is written and how an answer becomes a record. Does not own what a client does next (client.ts).

import type { Answer, Call, LeaseState, Operation } from './calls.ts';
import type { Connection, Lost, Method, Raw } from './connection.ts';

/** What a client waits beyond `waitMs` before it gives a request up: longer than the longest pause of the service. */
const PATIENCE_MS = 5_000;
const SENT_AWAY = 503;

/** A claim as its requests name it. */
export interface Claim {
  readonly number: number;
  readonly lock: string;
  readonly ttlMs: number;
  readonly waitMs: number;
  readonly ticket: boolean;
  readonly key: string | undefined;
}

export interface Held {
  readonly claim: Claim;
  readonly lease: string;
}

/** Takes in what callers record. */
export interface Recorder {
  record(call: Call): void;
}

interface About {
  readonly operation: Operation;
  readonly lock: string;
  readonly claim?: Claim;
  readonly ttlMs?: number;
  readonly waitMs?: number;
}

export class Caller {
  readonly connection: Connection;
  readonly proxied: boolean;
  readonly #number: number;
  readonly #recorder: Recorder;

  constructor(number: number, connection: Connection, proxied: boolean, recorder: Recorder) {
    this.#number = number;
    this.connection = connection;
    this.proxied = proxied;
    this.#recorder = recorder;
  }

  acquire(claim: Claim): Promise<Answer | Lost> {
    const { number, lock, ttlMs, waitMs, ticket } = claim;
    const body = `{"owner":"${number}","ttlMs":${ttlMs},"waitMs":${waitMs}}`;
    return this.#call({ operation: 'acquire', lock, claim, waitMs: ticket ? 0 : waitMs }, 'POST', `/v1/locks/${lock}/leases`, body, headersOf(claim));
  }

  /** Asks with the claim's key for something else. */
  reuse(claim: Claim): Promise<Answer | Lost> {
    return this.#call({ operation: 'reuse', lock: claim.lock, claim }, 'POST', `/v1/locks/${claim.lock}/leases`, '{"owner":"somebody else"}', headersOf(claim));
  }

  renew({ claim, lease }: Held, ttlMs: number): Promise<Answer | Lost> {
    return this.#call({ operation: 'renew', lock: claim.lock, claim, ttlMs }, 'POST', `/v1/leases/${lease}/renew`, `{"ttlMs":${ttlMs}}`);
  }

  release({ claim, lease }: Held): Promise<Answer | Lost> {
    return this.#call({ operation: 'release', lock: claim.lock, claim }, 'DELETE', `/v1/leases/${lease}`);
  }

  follow({ claim, lease }: Held, waitMs: number): Promise<Answer | Lost> {
    return this.#call({ operation: 'follow', lock: claim.lock, claim, waitMs }, 'GET', `/v1/leases/${lease}?waitMs=${waitMs}`);
  }

  show(lock: string): Promise<Answer | Lost> {
    return this.#call({ operation: 'show', lock }, 'GET', `/v1/locks/${lock}`);
  }

  line(lock: string): Promise<Answer | Lost> {
    return this.#call({ operation: 'line', lock }, 'GET', `/v1/locks/${lock}/waiters`);
  }

  async #call({ operation, lock, claim, ttlMs, waitMs = 0 }: About, method: Method, path: string, body = '', headers = ''): Promise<Answer | Lost> {
    const about = { client: this.#number, lock, operation, claim: claim?.number ?? 0, ttlMs: ttlMs ?? claim?.ttlMs ?? 0, waitMs, proxied: this.proxied };
    const calledAt = performance.now();
    const raw = answeredOrLost(await this.connection.ask(method, path, body, headers, waitMs + PATIENCE_MS));
    if ('lost' in raw) {
      if (raw.sent) this.#recorder.record({ ...about, calledAt, returnedAt: Number.POSITIVE_INFINITY, lost: raw.lost, lostAt: performance.now() });
      return raw;
    }
    const returnedAt = performance.now();
    const answer = readAnswer(operation, raw);
    this.#recorder.record({ ...about, calledAt, returnedAt, answer });
    return answer;
  }
}

/** Who is sent away by a service that stops may have a place that is kept for the next start: nothing is known. */
function answeredOrLost(raw: Raw | Lost): Raw | Lost {
  return 'status' in raw && raw.status === SENT_AWAY ? { lost: 'closed', sent: true } : raw;
}

function headersOf({ key, ticket }: Claim): string {
  return `${key === undefined ? '' : `idempotency-key: ${key}\r\n`}${ticket ? 'prefer: respond-async\r\n' : ''}`;
}

interface Body {
  readonly id?: string;
  readonly state?: LeaseState;
  readonly code?: string;
  readonly reason?: string;
  readonly fencingToken?: number;
  readonly expiresInMs?: number;
  readonly elapsedMs?: number;
  readonly holders?: readonly { readonly fencingToken: number }[];
  readonly waiters?: number | readonly { readonly owner: string }[];
}

function readAnswer(operation: Operation, { status, text }: Raw): Answer {
  if (text === '') return { status };
  const body: Body = JSON.parse(text);
  const code = body.code;
  if (operation === 'line') return { status, code, line: typeof body.waiters === 'object' ? body.waiters.map(({ owner }) => Number(owner)) : undefined };
  const holder = body.holders?.[0]?.fencingToken;
  if (operation === 'show') return { status, code, holder };
  return { status, code, reason: body.reason, lease: body.id, state: body.state, token: body.fencingToken, expiresInMs: body.expiresInMs, elapsedMs: body.elapsedMs, holder };
}
