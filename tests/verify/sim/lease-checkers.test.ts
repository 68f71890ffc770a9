// The checkers of promises and of what is stored, each before a history that is wrong and before one that is not.

import { expect, test } from 'vitest';
import type { LeaseRow } from '../../../src/state/rows.ts';
import { Promises } from '../../../verify/sim/checkers/promises.ts';
import { Stored } from '../../../verify/sim/checkers/stored.ts';
import type { Complain } from '../../../verify/sim/judge.ts';

function complaints<Checker>(make: (complain: Complain) => Checker, history: (checker: Checker) => void): string[] {
  const properties: string[] = [];
  history(make((property) => properties.push(property)));
  return properties;
}

const promises = (history: (checker: Promises) => void): string[] => complaints((complain) => new Promises(complain), history);
const stored = (history: (checker: Stored) => void): string[] => complaints((complain) => new Stored(complain), history);

const HELD: LeaseRow = {
  id: 'lse_1', lock: 'a', order: 1, claimant: { by: 'connection' }, ttlMs: 1_000, askedAt: 0,
  state: 'held', fencingToken: 7, grantedAt: 0, waitedMs: 0, expiresAt: 1_000, heldSince: 0,
};

function commitOf(row: LeaseRow | undefined): Parameters<Stored['committed']>[0] {
  return { now: 0, rows: [{ table: 'leases', key: HELD.id, row, place: { slot: 0, checksum: 0 } }], payloads: [], drops: [] };
}

test('a lease that has expired for a request before the end that an answer gave is seen, and one after it is not', () => {
  expect(promises((checker) => { checker.said('lse_1', 500, 500, 0); checker.expired('lse_1', 499, checker.until('lse_1')); })).toEqual(['leases last as promised']);
  expect(promises((checker) => { checker.said('lse_1', 500, 500, 0); checker.expired('lse_1', 501, checker.until('lse_1')); })).toEqual([]);
});

test('a stall that counts for more than it may is seen', () => {
  expect(promises((checker) => { checker.started(0, 0); checker.stalled(5_000, 0); checker.arrived(5_000, 5_000); })).toEqual(['time']);
  expect(promises((checker) => { checker.started(0, 0); checker.stalled(5_000, 0); checker.arrived(250, 5_000); })).toEqual([]);
});

function diedInAStall(checker: Promises): void {
  checker.started(0, 0);
  checker.arrived(100, 100);
  checker.stalled(5_000, 100);
  checker.started(100, 9_000);
}

test('what went by while no process was there, or stood still in one that died, counts for none that starts', () => {
  expect(promises((checker) => { diedInAStall(checker); checker.arrived(200, 9_100); })).toEqual([]);
  expect(promises((checker) => { diedInAStall(checker); checker.arrived(4_000, 9_100); })).toEqual(['time']);
});

test('a stall puts a floor under leases, unless the process dies in it', () => {
  promises((checker) => {
    checker.said('lse_1', 100, 100, 0);
    checker.stalled(5_000, 50);
    expect(checker.until('lse_1')).toBe(500);
    checker.opened(200, 300);
    expect(checker.until('lse_1')).toBe(-Infinity);
  });
});

test('an answer that says more than any commit is seen, and one that says less is not', () => {
  expect(stored((checker) => checker.shown(HELD))).toEqual(['durable before visible']);
  expect(stored((checker) => { checker.committed(commitOf(HELD)); checker.shown(HELD); })).toEqual([]);
  expect(stored((checker) => { checker.committed(commitOf({ ...HELD, fencingToken: 8 })); checker.shown(HELD); })).toEqual(['durable before visible']);
  expect(stored((checker) => { checker.committed(commitOf(undefined)); checker.shown(HELD); })).toEqual([]);
});

test('a release that is answered before it is stored is seen', () => {
  expect(stored((checker) => { checker.committed(commitOf(HELD)); checker.released(HELD.id); })).toEqual(['durable before visible']);
  expect(stored((checker) => { checker.committed(commitOf(undefined)); checker.released(HELD.id); })).toEqual([]);
});

test('a task that is told of a grant over a stored holder, or begins before its attempt is stored, is seen', () => {
  const told = { kind: 'answerLock', worker: 1, call: 1, answer: { kind: 'granted', fencingToken: 9 } } as const;
  const sent = { kind: 'send', delivery: 'dlv_1', attempt: 1, url: 'http://127.0.0.1/', payload: { id: 'dlv_1/body', bytes: 1, checksum: 0 } } as const;
  expect(stored((checker) => { checker.committed(commitOf(HELD)); checker.performed(told, 'a'); })).toEqual(['durable before visible']);
  expect(stored((checker) => checker.performed(told, 'a'))).toEqual([]);
  expect(stored((checker) => checker.performed(sent, undefined))).toEqual(['durable before visible']);
});
