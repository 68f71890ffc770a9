import { describe, expect, test } from 'vitest';
import { Deadline, Deadlines } from '../src/state/deadlines.ts';
import { Fifo } from '../src/state/fifo.ts';
import { BrokenState, brokenInvariants } from '../src/state/invariants.ts';
import { emptyLine, HeldLines, type Line } from '../src/state/lines.ts';
import { loadRows } from '../src/state/load.ts';
import { Ordered } from '../src/state/ordered.ts';
import type { HeldLease } from '../src/state/rows.ts';
import { State } from '../src/state/state.ts';

/** A sequence that looks random and is the same in every run. */
function numbers(seed: number): () => number {
  let x = seed;
  return () => (x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0);
}

/** `order`: of the asking; `heldSince`: of the grant. */
function heldLease(order: number, heldSince: number): HeldLease {
  return {
    id: `lse_${order}`, lock: `lock-${order}`, order, claimant: { by: 'ticket' }, ttlMs: 1_000, askedAt: 0,
    state: 'held', fencingToken: order, grantedAt: 0, waitedMs: heldSince, heldSince,
  };
}

describe('a queue', () => {
  test('keeps the order of arrival whoever leaves it, through thousands of changes', () => {
    const fifo = new Fifo();
    let model: string[] = [];
    const random = numbers(1);
    for (let i = 0; i < 20_000; i++) {
      const n = random();
      if (n % 5 < 3) {
        fifo.add(`w${i}`);
        model.push(`w${i}`);
      } else if (model.length > 0) {
        const gone = n % 5 === 3 ? model[0]! : model[n % model.length]!;
        fifo.remove(gone);
        model = model.filter((id) => id !== gone);
      }
      expect(fifo.first()).toBe(model[0]);
    }
    expect([...fifo]).toEqual(model);
    expect(model.map((id) => fifo.position(id))).toEqual(model.map((_, i) => i + 1));
  });
});

describe('the lines that are held', () => {
  test('stand in the order in which they were granted, whichever ends, through thousands of changes', () => {
    const held = new HeldLines();
    let model: Line[] = [];
    const random = numbers(4);
    for (let i = 0; i < 5_000; i++) {
      const n = random();
      const again = model[n % 7];
      if (n % 5 < 3 || model.length === 0) {
        const line = emptyLine();
        held.add(line);
        model.push(line);
      } else if (again !== undefined) {
        held.remove(again);
        model = model.filter((line) => line !== again);
        if (n % 2 === 0) {
          held.add(again);
          model.push(again);
        }
      }
    }
    expect(model.length).toBeGreaterThan(100);
    // Compared one by one: a difference between linked lines could not be printed.
    const found = [...held];
    expect([found.length, found.findIndex((line, index) => line !== model[index])]).toEqual([model.length, -1]);
    for (const line of found) held.remove(line);
    expect([...held]).toEqual([]);
  });

  test('stand in that order after a load, too, whoever asked first', () => {
    const state = new State({ workers: 1, checksum: () => 0, tokenFloor: 0 });
    state.tokens.next = 3;
    const leases = [heldLease(1, 500), heldLease(2, 100)];
    loadRows(state, leases.map((lease, index) => ({ table: 'leases', key: lease.id, row: lease, slot: index + 1, checksum: 0 })));
    expect([...state.leaseIndex.held].map(({ holder }) => holder)).toEqual(['lse_2', 'lse_1']);
    expect(brokenInvariants(state)).toEqual([]);
  });

  test('that say of one lock that it is held twice are told apart from what can be, and the telling ends', () => {
    const state = new State({ workers: 1, checksum: () => 0, tokenFloor: 0 });
    const leases = [heldLease(1, 100), { ...heldLease(2, 500), lock: 'lock-1' }];
    loadRows(state, leases.map((lease, index) => ({ table: 'leases', key: lease.id, row: lease, slot: index + 1, checksum: 0 })));
    expect(brokenInvariants(state)).toContain('a held lease of lock lock-1 is not its holder');
  });
});

test('a row that is there twice is refused, and its key, which may be a secret, is not told', () => {
  const state = new State({ workers: 1, checksum: () => 0, tokenFloor: 0 });
  const twice = [1, 2].map((slot) => ({ table: 'leases', key: 'lse_1', row: heldLease(1, 100), slot, checksum: 0 }));
  expect(() => loadRows(state, twice)).toThrow(new BrokenState(['the table leases holds a row twice']));
});

describe('an ordered set', () => {
  test('lists what was added before the first question in order and once, and what changes behind it too', () => {
    const [ordered, asked] = [new Ordered(), new Ordered()];
    const random = numbers(3);
    const model = new Set(Array.from({ length: 3_000 }, () => String(random() % 2_000)));
    for (const key of [...model, ...model]) ordered.add(key);
    ordered.delete('never there');
    for (const key of model) asked.add(key);
    expect([...asked.from('')]).toEqual([...model].toSorted());
    for (const key of ['25', '', '1999x']) for (const set of [ordered, model]) set.add(key);
    expect([...ordered.from('')]).toEqual([...model].toSorted());
    expect(ordered.size).toBe(model.size);
  });

  test('lists every key once, in order, from anywhere, through thousands of changes', () => {
    const ordered = new Ordered();
    const model = new Set<string>();
    const random = numbers(2);
    for (let i = 0; i < 20_000; i++) {
      const key = String(random() % 5_000);
      if (i % 3 === 0) { ordered.delete(key); model.delete(key); } else { ordered.add(key); model.add(key); }
    }
    const sorted = [...model].toSorted();
    expect([...ordered.from('')]).toEqual(sorted);
    expect([...ordered.from('25')]).toEqual(sorted.filter((key) => key >= '25'));
    expect(ordered.size).toBe(model.size);
    for (const key of sorted) ordered.delete(key);
    expect([ordered.size, ordered.first()]).toEqual([0, undefined]);
  });
});

describe('deadlines', () => {
  test('come due in order of time, equal times in the order in which they were set', () => {
    const deadlines = new Deadlines();
    const all = Array.from({ length: 500 }, (_, id) => new Deadline('lease', String(id)));
    const model = new Map<string, number>();
    const random = numbers(3);
    for (let i = 0; i < 20_000; i++) {
      const id = String(random() % 500);
      const dueAt = i % 4 === 0 ? undefined : random() % 1_000;
      deadlines.set(all[Number(id)]!, dueAt);
      if (dueAt === undefined) model.delete(id); else model.set(id, dueAt);
    }
    const due: number[] = [];
    for (let next = deadlines.past(Infinity); next !== undefined; next = deadlines.past(Infinity)) {
      expect(next.dueAt).toBe(model.get(next.id));
      due.push(next.dueAt);
      deadlines.set(next, undefined);
    }
    expect(due).toEqual([...model.values()].toSorted((x, y) => x - y));
  });

  test('are due when time has gone past them, not at them', () => {
    const deadlines = new Deadlines();
    deadlines.set(new Deadline('lease', '1'), 10);
    expect(deadlines.past(10)).toBeUndefined();
    expect(deadlines.past(11)?.id).toBe('1');
  });
});
