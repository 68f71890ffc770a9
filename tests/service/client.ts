// A client of the HTTP contract, one method per request.
//
// Owns paths and bodies. Does not own connections (http.ts) or what a test expects.

import type { AcquireBody, Answer, Batch, BatchBody, BatchPage, FunctionPage, Lease, Lock, LockPage, ResultPage, WaiterPage } from './contract.ts';
import { Http, type Ask, type Method, type Pending } from './http.ts';
import { until } from './until.ts';

export type Headers = Readonly<Record<string, string>>;

export const RESPOND_ASYNC: Headers = { prefer: 'respond-async' };

export function keyed(key: string): Headers {
  return { 'idempotency-key': key };
}

export function lockPath(name: string, rest = ''): string {
  return `/v1/locks/${encodeURIComponent(name)}${rest}`;
}

export class HoldfastClient {
  readonly http: Http;

  constructor(origin: string, headers: Headers = {}) {
    this.http = new Http(origin, headers);
  }

  ask<Body = object>(method: Method, path: string, ask: Ask = {}): Promise<Answer<Body>> {
    return this.http.ask<Body>(method, path, ask);
  }

  acquire(lock: string, json: AcquireBody = {}, headers: Headers = {}): Promise<Answer<Lease>> {
    return this.ask('POST', lockPath(lock, '/leases'), { json, headers });
  }

  /** Acquires on a connection of its own, which the test may hang up. */
  queue(lock: string, json: AcquireBody = {}, headers: Headers = {}): Pending<Lease> {
    return this.http.open('POST', lockPath(lock, '/leases'), { json: { waitMs: 60_000, ...json }, headers });
  }

  /** Acquires a free lock, or fails the test. */
  async hold(lock: string, json: AcquireBody = {}, headers: Headers = {}): Promise<Lease> {
    const answer = await this.acquire(lock, json, headers);
    if (answer.status !== 201) throw new Error(`expected to hold ${lock}, got ${answer.status} ${answer.text}`);
    return answer.body;
  }

  ticket(lock: string, json: AcquireBody = {}, headers: Headers = {}): Promise<Answer<Lease>> {
    return this.acquire(lock, { waitMs: 60_000, ...json }, { ...RESPOND_ASYNC, ...headers });
  }

  lease(id: string, waitMs?: number): Promise<Answer<Lease>> {
    return this.ask('GET', `/v1/leases/${id}${waitMs === undefined ? '' : `?waitMs=${waitMs}`}`);
  }

  /** Follows a ticket on a connection of its own, which the test may hang up. */
  follow(id: string, waitMs = 60_000): Pending<Lease> {
    return this.http.open('GET', `/v1/leases/${id}?waitMs=${waitMs}`);
  }

  renew(id: string, json: { readonly ttlMs?: number } = {}): Promise<Answer<Lease>> {
    return this.ask('POST', `/v1/leases/${id}/renew`, { json });
  }

  release(id: string): Promise<Answer<object>> {
    return this.ask('DELETE', `/v1/leases/${id}`);
  }

  declare(json: { readonly name: string; readonly description?: string; readonly labels?: Headers }, headers: Headers = {}): Promise<Answer<Lock>> {
    return this.ask('POST', '/v1/locks', { json: { kind: 'mutex', ...json }, headers });
  }

  lock(name: string): Promise<Answer<Lock>> {
    return this.ask('GET', lockPath(name));
  }

  locks(query: string): Promise<Answer<LockPage>> {
    return this.ask('GET', `/v1/locks?${query}`);
  }

  waiters(name: string, query = ''): Promise<Answer<WaiterPage>> {
    return this.ask('GET', lockPath(name, `/waiters?${query}`));
  }

  revoke(name: string, json: { readonly fencingToken?: number; readonly reason?: string } = {}): Promise<Answer<Lock>> {
    return this.ask('POST', lockPath(name, '/revoke'), { json });
  }

  functions(): Promise<Answer<FunctionPage>> {
    return this.ask('GET', '/v1/functions');
  }

  submit(json: BatchBody, headers: Headers = {}): Promise<Answer<Batch>> {
    return this.ask('POST', '/v1/batches', { json, headers });
  }

  /** Submits a batch that must be accepted, and returns it as it was at that moment. */
  async enqueue(json: BatchBody, headers: Headers = {}): Promise<Batch> {
    const answer = await this.submit(json, headers);
    if (answer.status !== 202) throw new Error(`expected 202 for the batch, got ${answer.status} ${answer.text}`);
    return answer.body;
  }

  batch(id: string, waitMs?: number): Promise<Answer<Batch>> {
    return this.ask('GET', `/v1/batches/${id}${waitMs === undefined ? '' : `?waitMs=${waitMs}`}`);
  }

  batches(query: string): Promise<Answer<BatchPage>> {
    return this.ask('GET', `/v1/batches?${query}`);
  }

  results(id: string, query = ''): Promise<Answer<ResultPage>> {
    return this.ask('GET', `/v1/batches/${id}/results?${query}`);
  }

  cancel(id: string): Promise<Answer<Batch>> {
    return this.ask('POST', `/v1/batches/${id}/cancel`);
  }

  /** The batch when it has ended, with all its results. */
  async ended(id: string, withinMs = 15_000): Promise<{ readonly batch: Batch; readonly results: ResultPage['results'] }> {
    const batch = await until(`batch ${id} ends`, async () => {
      const { body } = await this.batch(id, 2_000);
      return ['succeeded', 'failed', 'cancelled'].includes(body.state) ? body : undefined;
    }, withinMs);
    return { batch, results: (await this.results(id, 'limit=1000')).body.results };
  }

  /** Submits, waits for the end, and returns the batch with all its results. */
  async run(json: BatchBody): Promise<{ readonly batch: Batch; readonly results: ResultPage['results'] }> {
    return this.ended((await this.enqueue(json)).id);
  }

  async waitersReach(lock: string, count: number, withinMs = 12_000): Promise<void> {
    await until(`${lock} has ${count} waiters`, async () => {
      const { status, body } = await this.lock(lock);
      return (status === 404 ? 0 : body.waiters) === count;
    }, withinMs);
  }

  async waiterCount(lock: string): Promise<number> {
    const { status, body } = await this.lock(lock);
    return status === 404 ? 0 : body.waiters;
  }
}
