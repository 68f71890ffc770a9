// The HTTP edge over an engine that answers by script: real server, real sockets, no machine.
//
// Owns the scripted engine and the life of a server in a test. Used where the edge alone is tested: what it passes on,
// and what it makes of each reply.

import { EventEmitter, once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createApp, type AppParts } from '../../src/app.ts';
import type { Answer as Hear, Engine, Reading, Unnumbered } from '../../src/engine.ts';
import type { ClientRequest, Report } from '../../src/state/inputs.ts';
import type { Refusal, Reply } from '../../src/state/replies.ts';
import type { HeldLease } from '../../src/state/rows.ts';
import { State } from '../../src/state/state.ts';
import { createDestinationRule } from '../../src/webhooks/destination.ts';
import { parseSecrets } from '../../src/webhooks/signature.ts';

export type Asked = Unnumbered<ClientRequest>;
/** What the engine says to a request; `undefined` leaves it waiting. */
export type Script = (asked: Asked) => Reply | undefined;

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const WALL = Date.parse('2026-11-23T08:30:00.000Z');

export class ScriptedEngine implements Engine {
  readonly state = new State({ workers: 2, checksum: () => 0, tokenFloor: 0 });
  readonly asked: Asked[] = [];
  readonly reports: Report[] = [];
  /** The numbers of those that were hastened. */
  readonly hastened: number[] = [];
  readonly events = new EventEmitter();
  script: Script = () => ({ kind: 'done' });
  now = 1_000;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #requests = 0;

  submit(asked: Asked, answer: Hear): number {
    this.#requests += 1;
    const request = this.#requests;
    this.asked.push(asked);
    const said = this.script(asked);
    if (said === undefined) this.#waiting.set(request, answer);
    else setImmediate(() => answer(said));
    this.events.emit('asked', asked);
    return request;
  }

  /** Answers a request that was left waiting. */
  answer(request: number, reply: Reply): void {
    this.#waiting.get(request)?.(reply);
  }

  post(report: Report): void {
    this.reports.push(report);
    this.events.emit('report', report);
  }

  hasten(): void {
    this.hastened.push(this.#requests);
  }

  /** The number of the latest request. */
  get latest(): number {
    return this.#requests;
  }

  reading(): Reading {
    return { now: this.now, wall: WALL + this.now, mono: this.mono() };
  }

  mono(): number {
    return performance.now();
  }

  /** Forgets what was asked and reported, and goes back to the script that every test begins with. */
  reset(): void {
    this.asked.length = 0;
    this.reports.length = 0;
    this.hastened.length = 0;
    this.script = () => ({ kind: 'done' });
    this.now = 1_000;
  }

  async until(event: 'asked' | 'report', count: number): Promise<void> {
    const seen = event === 'asked' ? this.asked : this.reports;
    while (seen.length < count) await once(this.events, event);
  }
}

export function refused(refusal: Refusal): Reply {
  return { kind: 'refused', refusal };
}

export interface Finishing {
  onTestFinished(action: () => Promise<void>): void;
}

export interface Served {
  readonly app: FastifyInstance;
  readonly engine: ScriptedEngine;
  readonly origin: string;
  readonly port: number;
  readonly counted: { route: string; method: string; status: number }[];
  readonly logged: object[];
}

export interface Settings {
  readonly tokens?: readonly string[];
  readonly callbacks?: boolean;
  readonly parts?: Partial<AppParts>;
}

/** A listening server for one test. */
export async function serve(context: Finishing, { tokens = [], callbacks = true, parts = {} }: Settings = {}): Promise<Served> {
  const engine = new ScriptedEngine();
  const counted: Served['counted'] = [];
  const logged: object[] = [];
  const app = createApp({
    engine,
    config: { tokens, webhookSecrets: callbacks ? parseSecrets(SECRET) : [], destinationRule: createDestinationRule([]) },
    payloads: { read: () => Buffer.from('{}') },
    telemetry: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      metrics: async () => 'holdfast_lock_waiters 0\n',
      requests: (route, method) => (status) => { counted.push({ route, method, status }); },
    },
    logger: {
      isLevelEnabled: () => true,
      debug: (fields) => logged.push(fields),
      error: (fields) => logged.push(fields),
    },
    version: '0.0.0-test',
    ...parts,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  context.onTestFinished(() => app.close());
  const origin = app.listeningOrigin;
  return { app, engine, origin, port: Number(new URL(origin).port), counted, logged };
}

/** A listening server for all tests of a file; its engine begins anew with each. */
export function sharedEdge(settings: Settings = {}): Served {
  const finish: (() => Promise<void>)[] = [];
  const shared: { served?: Served } = {};
  beforeAll(async () => { shared.served = await serve({ onTestFinished: (action) => finish.push(action) }, settings); });
  beforeEach(() => shared.served?.engine.reset());
  afterAll(async () => { await Promise.all(finish.map((action) => action())); });
  const of = <Name extends keyof Served>(name: Name): Served[Name] => {
    if (shared.served === undefined) throw new Error('the server was not started');
    return shared.served[name];
  };
  return {
    get app() { return of('app'); },
    get engine() { return of('engine'); },
    get origin() { return of('origin'); },
    get port() { return of('port'); },
    get counted() { return of('counted'); },
    get logged() { return of('logged'); },
  };
}

const agent = new Agent();

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; `{}` where it is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request with the path exactly as it is written. `body` that is neither text nor bytes is sent as JSON. */
export async function ask({ origin }: Served, method: Dispatcher.HttpMethod, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await agent.request({ origin, path, method, body: raw ?? null, headers: { ...type, ...headers } });
  const text = await response.body.text();
  const isJson = /json/u.test(String(response.headers['content-type'])) && text !== '';
  return { status: response.statusCode, headers: response.headers, text, body: JSON.parse(isJson ? text : '{}') };
}

/** A lease that is held, as a row has it. */
export function held(row: Partial<HeldLease> = {}): HeldLease {
  return {
    id: 'lse_AAAAAAAAAAAAAAAAAAAAAAAA', lock: 'a', order: 1, claimant: { by: 'connection' }, ttlMs: 30_000, askedAt: 0,
    state: 'held', fencingToken: 1, grantedAt: WALL, waitedMs: 0, heldSince: 0, ...row,
  };
}
