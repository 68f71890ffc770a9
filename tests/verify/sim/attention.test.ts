// The checker of who attends, before leases of the real machine: it is told of the same connections as the machine, or of
// others.

import { expect, test } from 'vitest';
import { Attention } from '../../../verify/sim/checkers/attention.ts';
import { Exchange } from '../../../verify/sim/exchange.ts';
import { World } from '../../locks/world.ts';

const KEY = { id: 'k', fingerprint: 'body' };
const LATE = 'what nobody attends to passes on';
const EARLY = 'nothing is abandoned before its grace';
/** The checker looks now and then: after so many inputs for certain. */
const INPUTS = 12;

class Watched {
  readonly world = new World();
  readonly complaints: string[] = [];
  readonly #attention = new Attention((property) => { if (!this.complaints.includes(property)) this.complaints.push(property); });

  constructor() {
    this.world.acquire('a');
    this.look();
  }

  look(): void {
    for (let n = 0; n < INPUTS; n++) this.#attention.look(this.world.state, this.world.now);
  }

  /** A connection that the checker hears of. */
  asks(lease: string, kind: 'acquire' | 'readLease', key: typeof KEY | undefined, waitMs: number): Exchange {
    const exchange = new Exchange({ ask: { kind: 'readLease', lease, waitMs }, sentAt: 0, isOpen: true, isClosedEarly: false, exchange: undefined, process: undefined, heard: () => {} }, 0, 0, 0, () => {});
    this.#attention.asks(exchange, { lease, key, kind, until: this.world.now + waitMs, isWatched: waitMs > 0 }, this.world.now);
    return exchange;
  }

  /** A place with a key, that waits. */
  place(): { request: number; lease: string; exchange: Exchange } {
    const { request, lease } = this.world.acquire('a', { waitMs: 60_000, key: KEY.id });
    return { request, lease, exchange: this.asks(lease, 'acquire', KEY, 60_000) };
  }
}

test('a place that is kept after its grace, or given up while its connection is open, is seen', () => {
  const kept = new Watched();
  kept.place().exchange.closed();
  for (const ms of [0, 4_990, 20]) { kept.world.pass(ms); kept.look(); }
  expect(kept.complaints).toEqual([LATE]);

  const lost = new Watched();
  const place = lost.place();
  lost.look();
  lost.world.hangUp(place.request);
  for (const ms of [4_990, 20]) { lost.world.pass(ms); lost.look(); }
  expect(lost.complaints).toEqual([EARLY]);
});

test('a place that is given up after its grace is none, though it was looked at late and its key came with another body', () => {
  const watched = new Watched();
  const place = watched.place();
  place.exchange.closed();
  watched.world.hangUp(place.request);
  watched.world.acquire('a', { key: KEY.id, body: 'other' });
  watched.asks('lse_other', 'acquire', { ...KEY, fingerprint: 'other' }, 0);
  watched.world.pass(100);
  watched.look();
  for (const ms of [4_890, 20]) { watched.world.pass(ms); watched.look(); }
  expect(watched.complaints).toEqual([]);
});

test("a ticket's grant that nobody read in its time is none, though another request was open at the looks before and after", () => {
  const watched = new Watched();
  const { world } = watched;
  const { lease } = world.acquire('b');
  const ticket = world.acquire('b', { waitMs: 60_000, ticket: true });
  const asking = watched.asks(ticket.lease, 'acquire', undefined, 60_000);
  watched.look();
  asking.finish();
  asking.send('');
  world.ask({ kind: 'release', lease });
  world.pass(10_050);
  watched.asks(ticket.lease, 'readLease', undefined, 0);
  watched.look();
  expect(world.state.leases.get(ticket.lease)?.state).toBe('abandoned');
  expect(watched.complaints).toEqual([]);
});
