// Edge: from a request that arrived to the answer that leaves, through the service's own code where a lease is answered.
//
// Owns what the checkers hear of an answer at the moment in which it is written.

import type { Answer, Engine, Reading } from '../../src/engine.ts';
import type { Edge as RealEdge } from '../../src/routes/edge.ts';
import { accepted } from '../../src/routes/answers.ts';
import { answering } from '../../src/routes/ask.ts';
import { Connection } from '../../src/routes/connection.ts';
import { answerLease } from '../../src/routes/lease-answer.ts';
import type { LeaseBody } from '../../src/routes/lease-schemas.ts';
import { leaseBody } from '../../src/routes/lease-view.ts';
import { STALL_MS } from '../../src/limits.ts';
import type { LeaseView, Reply } from '../../src/state/replies.ts';
import type { Call } from './call.ts';
import { Exchange } from './exchange.ts';
import type { Process } from './process.ts';
import { Watch } from './watch.ts';
import type { World } from './world.ts';

const ID_DIGITS = 24;

/** How a lease's id tells the place of its request among all that arrived. */
export function arrivalOf(lease: string): number {
  return Number(lease.slice(4));
}

function mint(prefix: 'lse_' | 'bat_' | 'dlv_', arrival: number): string {
  return prefix + String(arrival).padStart(ID_DIGITS, '0');
}

export class Edge {
  readonly #world: World;
  readonly #process: Process;
  readonly #real: RealEdge;
  readonly #watch: Watch;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
    this.#watch = new Watch(world, process);
    const engine: Engine = {
      state: process.state,
      submit: (request, answer) => {
        const heard = world.leaseWatch.heard(request, this.#watch.heard(request, answer), process.engine.reading().now);
        return process.submit(request, this.#heard(request, heard));
      },
      post: (report) => process.post(report),
      hasten: () => process.engine.hasten(),
      reading: () => process.engine.reading(),
      mono: () => process.engine.mono(),
    };
    this.#real = {
      engine, tokens: [], callbacks: true, version: 'sim',
      checkCallbackUrl: () => ({ ok: true }),
      payloads: { read: (ref) => process.payload(ref) },
      telemetry: { metrics: () => Promise.resolve(''), contentType: '', requests: () => () => {} },
      logger: { isLevelEnabled: () => false, debug: () => {}, error: () => {} },
    };
  }

  /** A request has arrived: it is submitted in this very moment. */
  take(call: Call, sent: (exchange: Exchange) => void): Exchange {
    const world = this.#world;
    const { ask } = call;
    const arrival = ++world.arrivals;
    const exchange = new Exchange(call, this.#process.engine.reading().mono, arrival, world.tokens.mark(), sent);
    world.judge.saw(1, arrival, ask.kind.length);
    switch (ask.kind) {
      case 'acquire': this.#askLease(exchange, { ...ask, lease: mint('lse_', arrival) }); break;
      case 'readLease': case 'renew': this.#askLease(exchange, ask); break;
      case 'submitBatch': {
        const batch = { ...ask.batch, id: mint('bat_', arrival), delivery: mint('dlv_', arrival) };
        this.#ask(exchange, { ...ask, batch }, ask.waitMs !== undefined);
        break;
      }
      case 'readBatch': this.#ask(exchange, ask, ask.waitMs > 0); break;
      case 'createLock': case 'putLock': case 'deleteLock': case 'showLock': case 'listLocks': case 'listWaiters': case 'revoke': case 'release':
      case 'listBatches': case 'readResults': case 'cancelBatch':
        this.#ask(exchange, ask, false);
    }
    return exchange;
  }

  /** Everything about leases is answered by the service's own code. */
  #askLease(exchange: Exchange, question: Parameters<typeof answerLease>[2]): void {
    this.#world.leaseWatch.arrives(exchange, question, this.#process.engine.reading().now);
    answerLease(this.#real, exchange.asReply, question, (_reply, view, reading) => this.#writeLease(exchange, view, reading));
  }

  #ask(exchange: Exchange, question: Parameters<Engine['submit']>[0], waits: boolean): void {
    const connection = new Connection(this.#real, exchange.asReply);
    connection.submit(question, answering(exchange.asReply, (told) => this.#write(exchange, told)));
    if (question.kind === 'release') this.#real.engine.hasten();
    if (waits) connection.wait();
  }

  /** Hears of an answer before it is written: one that has to be asked for again has left the line all the same. */
  #heard(request: Parameters<Engine['submit']>[0], answer: Answer): Answer {
    const { line } = this.#world;
    if (request.kind === 'revoke') {
      this.#world.holds.revokes(request.name, request.fencingToken);
      return answer;
    }
    if (request.kind !== 'acquire' || request.waitMs === 0 || request.ticket) return answer;
    const { lock } = request;
    const arrival = arrivalOf(request.lease);
    line.waits(lock, arrival);
    return (told) => {
      line.left(lock, arrival);
      if (this.#process.alive && told.kind === 'lease' && told.view.lease.state === 'held') line.told(lock, arrivalOf(told.view.lease.id));
      answer(told);
    };
  }

  #writeLease(exchange: Exchange, view: LeaseView, reading: Reading): void {
    const body = leaseBody(view, reading, exchange.exchange.arrivedAt);
    exchange.code(exchange.call.ask.kind === 'acquire' ? (body.state === 'held' ? 201 : 202) : 200);
    exchange.lease = body;
    if (this.#process.alive) {
      this.#checkLease(exchange, body, view);
      this.#world.leaseWatch.wrote(exchange, view, body, reading.now);
    }
    exchange.send(body);
  }

  #checkLease(exchange: Exchange, body: LeaseBody, { lease }: LeaseView): void {
    const { timeline, holds, ends, tokens, line, judge, keys } = this.#world;
    const lock = lease.lock;
    if (body.state === 'held') {
      const token = body.fencingToken!;
      holds.written(lock, token, timeline.now);
      ends.held(body.id, exchange.exchange.arrivedAt);
      const { ask } = exchange.call;
      if (ask.kind === 'acquire' && ask.key !== undefined) keys.gives(ask.key.id, ask.key.fingerprint, body.id);
      tokens.seen(body.id, token, exchange.call.ask.kind === 'acquire' && arrivalOf(body.id) === exchange.arrival ? exchange.mark : 0);
      line.granted(lock, arrivalOf(body.id), token);
      this.#checkTime(body);
    } else if (body.state !== 'waiting') {
      ends.ended(body.id, timeline.now, body.fencingToken !== undefined && holds.isSure(body.fencingToken, timeline.now), body.state);
    } else if (body.position === undefined || body.position < 1) {
      judge.complain('answers fit together', 'a waiting lease has no position');
    }
  }

  #checkTime({ expiresInMs, elapsedMs, ttlMs }: LeaseBody): void {
    const { judge } = this.#world;
    if (expiresInMs === undefined || expiresInMs <= 0) judge.complain('held means held', `an answer called a lease held that has ${expiresInMs} ms left`);
    else if (expiresInMs > Math.max(ttlMs, STALL_MS)) judge.complain('leases end in time', `a lease with a ttlMs of ${ttlMs} has ${expiresInMs} ms left`);
    if (elapsedMs < 0) judge.complain('held means held', `elapsedMs is ${elapsedMs}`);
  }

  #write(exchange: Exchange, reply: Reply): void {
    const { ask } = exchange.call;
    if (ask.kind === 'revoke') this.#world.holds.revoked(ask.name);
    if (reply.kind === 'refused' || reply.kind === 'hungUp') {
      accepted(this.#real, exchange.asReply, reply, 'done');
      return;
    }
    if (reply.kind === 'batch') exchange.batch = reply.view.batch.id;
    exchange.code(200).send(reply);
  }
}
