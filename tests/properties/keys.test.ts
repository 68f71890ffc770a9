// Keys, tickets and hang-ups: what a client that comes back finds, however often it went away.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeaseRow } from '../../src/state/rows.ts';
import { codeOf, heldOf, World } from '../locks/world.ts';

const DAY_MS = 86_400_000;
const REATTACH_MS = 5_000;
const TICKET_READ_MS = 30_000;
const TICKET_CLAIM_MS = 10_000;

function liveLeasesOf(world: World, key: string): readonly LeaseRow[] {
  return [...world.state.leases.values(), ...world.state.places.values()]
    .filter(({ state, claimant }) => (state === 'waiting' || state === 'held') && claimant.by !== 'task' && claimant.key === key);
}

describe('a key', () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('acquire' as const), key: fc.constantFrom('k', 'l'), ticket: fc.boolean(), waitMs: fc.constantFrom(0, 700, 60_000) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('hangUp' as const, 'carry' as const), nth: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), nth: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.nat(300), fc.nat(8_000)) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  );

  test('never has two leases that live, and a retry is answered with the one that there is', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const world = new World();
      const asked: { readonly request: number; readonly lease: string }[] = [];
      const acquire = (options: { readonly key: string; readonly ticket: boolean; readonly waitMs: number }): void => {
        const [before] = liveLeasesOf(world, options.key);
        const made = world.acquire('a', { ...options, ttlMs: 2_000 });
        asked.push(made);
        const answer = world.answerTo(made.request);
        const found = answer?.kind === 'lease' ? answer.view.lease.id : undefined;
        expect([undefined, before?.id ?? made.lease]).toContain(found);
      };
      for (const next of acts) {
        const earlier = 'nth' in next ? asked.at(-1 - next.nth) : undefined;
        if (next.kind === 'pass') world.pass(next.ms);
        if (next.kind === 'restart') world.restart();
        if (next.kind === 'restart') asked.length = 0;
        if (next.kind === 'hangUp' && earlier !== undefined) world.hangUp(earlier.request);
        if (next.kind === 'carry' && earlier !== undefined) world.carry(earlier.request);
        if (next.kind === 'release' && earlier !== undefined) world.ask({ kind: 'release', lease: earlier.lease });
        if (next.kind === 'acquire') acquire(next);
        for (const key of ['k', 'l']) expect(liveLeasesOf(world, key).length).toBeLessThanOrEqual(1);
      }
    }), { numRuns: 200 });
  });

  test('with another body is refused for as long as its lease lives, and changes nothing', () => {
    fc.assert(fc.property(fc.nat(40_000), fc.boolean(), (ms, isTicket) => {
      const world = new World();
      const { request, lease } = world.acquire('a', { key: 'k', body: 'one', ttlMs: DAY_MS, ticket: isTicket });
      world.carry(request);
      world.pass(ms);
      expect(codeOf(world.answerTo(world.acquire('a', { key: 'k', body: 'two' }).request))).toBe('idempotency_key_reused');
      expect(liveLeasesOf(world, 'k').map(({ id }) => id)).toEqual([lease]);
    }), { numRuns: 100 });
  });

  test('whose lease has ended is told so for a day, and gets a new one after it', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: DAY_MS }), (ms) => {
      const world = new World();
      const { request, lease } = world.acquire('a', { key: 'k' });
      world.carry(request);
      world.ask({ kind: 'release', lease });
      world.pass(ms);
      expect(codeOf(world.answerTo(world.acquire('a', { key: 'k' }).request))).toBe('lease_lost');
      world.pass(DAY_MS - ms + 1);
      expect(codeOf(world.answerTo(world.acquire('a', { key: 'k' }).request))).toBe('lease');
    }), { numRuns: 50 });
  });

  test('keeps a place in line over hang-ups of five seconds each, and no longer; who stayed moves up in the order in which they came', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.integer({ min: 4_000, max: 5_500 }), { maxLength: 3 }), { minLength: 1, maxLength: 6 }), (absences) => {
      const world = new World();
      const holder = world.acquire('a', { ttlMs: DAY_MS });
      const waiters = absences.map((gaps, nth) => ({ gaps, key: `k${nth}`, ...world.acquire('a', { key: `k${nth}`, waitMs: DAY_MS }) }));
      const stayed = waiters.filter(({ gaps, key, request }) => {
        let latest = request;
        for (const gap of gaps) {
          world.hangUp(latest);
          world.pass(gap);
          if (gap > REATTACH_MS) return false;
          latest = world.acquire('a', { key, waitMs: DAY_MS }).request;
        }
        return true;
      });
      world.ask({ kind: 'release', lease: holder.lease });
      for (const { lease } of stayed) expect(world.state.leases.get(lease)?.state).toBe(lease === stayed[0]?.lease ? 'held' : 'waiting');
      for (const { lease } of stayed) expect(codeOf(world.answerTo(world.ask({ kind: 'release', lease })))).toBe('done');
      expect(world.state.leaseIndex.lines.size).toBe(0);
    }), { numRuns: 100 });
  });
});

describe('a ticket', () => {
  test('keeps its place for as long as no 30 seconds pass between two readings', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.nat(29_000), fc.integer({ min: 29_990, max: 30_010 })), { maxLength: 12 }), (gaps) => {
      const world = new World();
      world.acquire('a', { ttlMs: DAY_MS });
      const { lease } = world.acquire('a', { ticket: true, waitMs: DAY_MS });
      let isThere = true;
      for (const gap of gaps) {
        world.pass(gap);
        isThere &&= gap <= TICKET_READ_MS;
        const answer = world.answerTo(world.ask({ kind: 'readLease', lease, waitMs: 0 }));
        expect(answer).toMatchObject({ kind: 'lease', view: { lease: { state: isThere ? 'waiting' : 'abandoned' } } });
      }
    }), { numRuns: 100 });
  });

  test('whose turn has come waits to be read for ten seconds or its ttlMs, and then the lock goes to who is next', () => {
    fc.assert(fc.property(fc.integer({ min: 100, max: 20_000 }), fc.nat(21_000), (ttlMs, gap) => {
      const world = new World();
      const holder = world.acquire('a', { ttlMs: DAY_MS });
      const ticket = world.acquire('a', { ticket: true, waitMs: DAY_MS, ttlMs });
      const next = world.acquire('a', { waitMs: DAY_MS });
      world.ask({ kind: 'release', lease: holder.lease });
      world.pass(gap);
      const isClaimed = gap <= Math.min(ttlMs, TICKET_CLAIM_MS);
      const answer = world.answerTo(world.ask({ kind: 'readLease', lease: ticket.lease, waitMs: 0 }));
      expect(answer?.kind === 'lease' && answer.view.lease.state === 'held').toBe(isClaimed);
      expect(codeOf(world.answerTo(next.request))).toBe(isClaimed ? undefined : 'lease');
    }), { numRuns: 100 });
  });
});

describe('a lease', () => {
  test('that was renewed in time is held to the end of its renewal, to the millisecond, and no longer', () => {
    fc.assert(fc.property(fc.integer({ min: 100, max: 60_000 }), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }), (ttlMs, renewals) => {
      const world = new World();
      const { lease } = world.acquire('a', { ttlMs });
      for (const part of renewals) {
        world.pass(Math.floor(part * ttlMs));
        expect(heldOf(world.answerTo(world.ask({ kind: 'renew', lease }))).id).toBe(lease);
      }
      // Right after a start a lease lasts a while longer.
      const floor = 1_000 + Math.min(ttlMs, TICKET_CLAIM_MS) - world.now;
      world.pass(Math.max(ttlMs, floor));
      expect(codeOf(world.answerTo(world.acquire('a').request))).toBe('lock_held');
      world.pass(1);
      expect(heldOf(world.answerTo(world.acquire('a').request)).id).not.toBe(lease);
    }), { numRuns: 100 });
  });
});
