// The HTTP edge over an engine that answers by script: real server, real sockets, no machine.
//
// Owns the scripted engine and the life of a server in a test. Used where the edge alone is tested: what it passes on,
// and what it makes of each reply.

import { EventEmitter, once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { createApp, type AppParts } from '../../src/app.ts';
import type { Engine, Reading, Submitted, Unnumbered } from '../../src/engine.ts';
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
  readonly events = new EventEmitter();
  script: Script = () => ({ kind: 'done' });
  now = 1_000;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #requests = 0;

  submit(asked: Asked): Submitted {
    this.#requests += 1;
    const request = this.#requests;
    this.asked.push(asked);
    const said = this.script(asked);
    const reply = said === undefined ? new Promise<Reply>((resolve) => this.#waiting.set(request, resolve)) : Promise.resolve(said);
    this.events.emit('asked', asked);
    return { request, reply };
  }

  /** Answers a request that was left waiting. */
  answer(request: number, reply: Reply): void {
    this.#waiting.get(request)?.(reply);
  }

  post(report: Report): void {
    this.reports.push(report);
    this.events.emit('report', report);
  }

  reading(): Reading {
    return { now: this.now, wall: WALL + this.now, mono: performance.now() };
  }

  async until(event: 'asked' | 'report', count: number): Promise<void> {
    const seen = event === 'asked' ? this.asked : this.reports;
    while (seen.length < count) await once(this.events, event);
  }
}

export function refused(refusal: Refusal): Reply {
  return { kind: 'refused', refusal };
}

interface Finishing {
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
      request: (route, method, status) => counted.push({ route, method, status }),
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

/** A lease that is held, as a row has it. */
export function held(row: Partial<HeldLease> = {}): HeldLease {
  return {
    id: 'lse_AAAAAAAAAAAAAAAAAAAAAAAA', lock: 'a', order: 1, claimant: { by: 'connection' }, ttlMs: 30_000, askedAt: 0,
    state: 'held', fencingToken: 1, grantedAt: WALL, waitedMs: 0, heldSince: 0, ...row,
  };
}
