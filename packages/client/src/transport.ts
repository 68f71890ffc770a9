// Transport: one request, one answer.
//
// Owns URLs, headers, JSON and how long an answer may take. Does not own trying again (retry.ts).
//   N1. A request ends with an answer, a `Problem`, an `UnreachableError`, or the reason of the caller's signal.
//   N2. The moment of sending is read before a byte can have left.

import type { ProblemInfo } from './contract.ts';
import { Problem, UnreachableError } from './errors.ts';
import { moment, type Moment } from './moment.ts';

/** What is used of `fetch`. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly cache: 'no-store';
  readonly credentials: 'omit';
  readonly redirect: 'error';
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** How much longer than usual the answer may take, because the service was asked to wait. */
  readonly waitMs?: number;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  /** When the request left at the earliest. (N2) */
  readonly sentAt: Moment;
}

const PROBLEM_TYPE = /^application\/problem\+json\b/iu;

export class Transport {
  /** How long an answer may take that the service owes at once. */
  readonly timeoutMs: number;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;

  constructor(url: string, token: string | undefined, fetch: Fetch, timeoutMs: number) {
    const { protocol, origin, pathname } = new URL(url);
    if (!/^https?:$/u.test(protocol)) throw new TypeError(`The url of the service must begin with http:// or https://, and this is ${url}`);
    this.#base = origin + pathname.replace(/\/+$/u, '');
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#fetch = fetch;
    this.timeoutMs = timeoutMs;
  }

  /** Sends once. Whatever is told in `signal` ends it; the answer may be on its way all the same. */
  async send<Body>(request: Request, signal?: AbortSignal): Promise<Answer<Body>> {
    signal?.throwIfAborted();
    // What cannot be written as JSON is the caller's mistake and no failure of the connection.
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const ending = new AbortController();
    const end = (): void => { ending.abort(signal?.reason); };
    signal?.addEventListener('abort', end);
    const limitMs = this.timeoutMs + (request.waitMs ?? 0);
    const timer = setTimeout(() => { ending.abort(new Error(`no answer within ${limitMs} ms`)); }, limitMs);
    try {
      return await this.#ask<Body>(request, body, ending.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Problem) throw error;
      throw new UnreachableError(`${this.#base} did not answer ${request.method}: ${reasonOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }

  async #ask<Body>({ method, path, query = {}, headers }: Request, body: string | undefined, signal: AbortSignal): Promise<Answer<Body>> {
    const sentAt = moment();
    const answer = await this.#fetch(this.#base + path + queryText(query), {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...this.#headers, ...headers },
      ...(body === undefined ? {} : { body }),
      signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
    });
    const text = await answer.text();
    if (answer.status >= 400) throw new Problem(problemOf(answer, text));
    return { status: answer.status, body: JSON.parse(text === '' ? '{}' : text), sentAt };
  }
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function problemOf({ status, headers }: FetchAnswer, text: string): ProblemInfo {
  const retryAfterMs = readRetryAfter(headers.get('retry-after'));
  const waiting = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (PROBLEM_TYPE.test(headers.get('content-type') ?? '')) return { ...waiting, ...readProblem(text) };
  const detail = 'Something between here and Holdfast answered, or the url is not that of Holdfast.';
  return { type: 'about:blank', title: `The answer is ${status} and no problem of Holdfast`, status, detail, instance: '', code: `http_${status}`, ...waiting };
}

function readProblem(text: string): ProblemInfo {
  const problem: ProblemInfo = JSON.parse(text);
  return problem;
}

/** Seconds or a date, as HTTP has it. */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/u.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** `fetch` says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message || error.name;
}
