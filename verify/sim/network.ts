// Network: messages between clients and the service, and what becomes of them on the way.
//
//   N1. A request may be lost, doubled, or so late that what was sent after it arrives before it, a retry of it among
//       them; so may an answer. A client that hears nothing gives up.
//   N2. What was sent to a process that is not there is refused; what a dying process had not answered is reset.

import type { Call, Heard, Ask } from './call.ts';
import type { Exchange } from './exchange.ts';
import type { Process } from './process.ts';
import { logBetween } from './profile.ts';
import type { World } from './world.ts';

/** How long the kernel may take with an answer. */
export const SLOW_ANSWER_MS = 20;

/** How late a request is that others overtake. */
const [LATE_MS_MIN, LATE_MS_MAX] = [10, 5_000];

const NOBODY: Heard = { status: 0, code: 'refused' };
const RESET: Heard = { status: 0, code: 'reset' };
const TIMEOUT: Heard = { status: 0, code: 'timeout' };
const CODE = /"code":"(?<code>[a-z_]+)"/u;

export class Network {
  readonly #world: World;
  /** When the newest request was sent of those that have arrived. */
  #newest = -Infinity;

  constructor(world: World) {
    this.#world = world;
  }

  /** `heard` is called once, unless the client hangs up before. */
  send(ask: Ask, heard: (heard: Heard) => void): Call {
    const world = this.#world;
    const { chance, profile, timeline, faulty } = world;
    const call: Call = { ask, sentAt: timeline.now, isOpen: true, isClosedEarly: false, exchange: undefined, process: undefined, heard };
    world.operations++;
    if (faulty && chance.bool(profile.lost)) {
      world.fault('lost request');
      this.#giveUp(call);
      return call;
    }
    if (faulty && chance.bool(profile.overtaken)) timeline.after(logBetween(chance, LATE_MS_MIN, LATE_MS_MAX), () => this.#arriveLate(call));
    else timeline.after(this.#way(), () => this.#arrive(call));
    if (faulty && mayBeDoubled(ask) && chance.bool(profile.doubled)) this.#double(ask);
    return call;
  }

  /** The client closes the connection; the service sees it a little later. */
  hangUp(call: Call): void {
    if (!call.isOpen) return;
    call.isOpen = false;
    this.#world.timeline.after(this.#way(), () => {
      if (call.exchange === undefined) call.isClosedEarly = true;
      else this.#seeClosed(call.exchange, call.process);
    });
  }

  /** (N2) */
  reset(exchange: Exchange): void {
    const { call } = exchange;
    this.#world.timeline.after(this.#way(), () => this.#hear(call, RESET));
  }

  /** (N1) */
  #arriveLate(call: Call): void {
    if (this.#newest > call.sentAt) this.#world.fault('overtaken request');
    this.#arrive(call);
  }

  #arrive(call: Call): void {
    this.#newest = Math.max(this.#newest, call.sentAt);
    const { process, timeline } = this.#world;
    if (process?.alive !== true || !process.isOpen) {
      timeline.after(this.#way(), () => this.#hear(call, NOBODY));
      return;
    }
    if (process.stoppedUntil > timeline.now) {
      timeline.at(process.stoppedUntil, () => this.#arrive(call));
      return;
    }
    call.process = process;
    call.exchange = this.#world.take(call, process);
    if (call.isClosedEarly) this.#seeClosed(call.exchange, process);
  }

  /** A copy of the request on another connection, that nobody reads and that closes sooner or later. (N1) */
  #double(ask: Ask): void {
    const { chance, timeline } = this.#world;
    this.#world.fault('doubled request');
    const ghost: Call = { ask, sentAt: timeline.now, isOpen: true, isClosedEarly: false, exchange: undefined, process: undefined, heard: () => {} };
    timeline.after(this.#way(), () => this.#arrive(ghost));
    timeline.after(chance.next() * 2_000, () => this.hangUp(ghost));
  }

  /** The edge handed an answer to the connection. */
  sent(exchange: Exchange, process: Process): void {
    const { chance, profile, timeline, faulty } = this.#world;
    if (faulty && chance.bool(profile.slowAnswers)) {
      exchange.writableLength = 1;
      timeline.after(chance.next() * SLOW_ANSWER_MS, () => this.#finish(exchange, process), process);
    } else {
      this.#finish(exchange, process);
    }
  }

  #finish(exchange: Exchange, process: Process): void {
    const { chance, profile, timeline, faulty } = this.#world;
    if (exchange.destroyed || !process.alive) return;
    exchange.finish();
    process.exchanges.delete(exchange);
    const { call } = exchange;
    if (!call.isOpen) return;
    if (faulty && chance.bool(profile.lostAnswers)) {
      this.#world.fault('lost answer');
      return this.#giveUp(call);
    }
    timeline.after(this.#way(), () => this.#hear(call, heardOf(exchange)));
  }

  #seeClosed(exchange: Exchange, process: Process | undefined): void {
    const { timeline } = this.#world;
    if (process?.alive !== true || exchange.writableFinished) return;
    if (process.stoppedUntil > timeline.now) {
      timeline.at(process.stoppedUntil, () => this.#seeClosed(exchange, process));
      return;
    }
    this.#world.fault(exchange.wasSent ? 'hang-up while granted' : 'hang-up while waiting');
    this.#world.judge.note(() => `is seen to be closed: ${exchange.arrival}`);
    process.exchanges.delete(exchange);
    const { ask } = exchange.call;
    if (ask.kind === 'acquire') this.#world.line.left(ask.lock, exchange.arrival);
    exchange.closed();
  }

  #giveUp(call: Call): void {
    const { chance, timeline } = this.#world;
    timeline.after(500 + chance.next() * 5_000, () => {
      if (!call.isOpen) return;
      this.hangUp(call);
      call.heard(TIMEOUT);
    });
  }

  #hear(call: Call, heard: Heard): void {
    if (!call.isOpen) return;
    call.isOpen = false;
    this.#world.hears(call, heard);
    call.heard(heard);
  }

  #way(): number {
    const [least, most] = this.#world.profile.wayMs;
    return least + this.#world.chance.next() * (most - least);
  }
}

/** A second renewal with a time of its own could shorten what a later one has lengthened, rightly. */
function mayBeDoubled(ask: Ask): boolean {
  return ask.kind !== 'renew' || ask.ttlMs === undefined;
}

function heardOf({ status, body, lease, batch }: Exchange): Heard {
  return { status, code: typeof body === 'string' ? CODE.exec(body)?.groups?.['code'] : undefined, lease, batch };
}
