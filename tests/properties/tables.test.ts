// Tables: what is in memory and what is stored are the same, whatever changed and whenever a commit took it.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Changes, type Place } from '../../src/state/changes.ts';
import { DurableTable, Table } from '../../src/state/tables.ts';

interface Row {
  readonly id: string;
  readonly value: number;
}

const ids = fc.integer({ min: 0, max: 8 }).map(String);
const change = fc.oneof(
  fc.record({ put: ids, value: fc.nat(3) }),
  fc.record({ delete: ids }),
  fc.record({ commit: fc.constant(true) }),
);

function apply(table: DurableTable<Row> | Table<Row>, each: { readonly put: string; readonly value: number } | { readonly delete: string }): void {
  if ('put' in each) table.put({ id: each.put, value: each.value });
  else table.delete(each.delete);
}

test('what commits have stored is what the table holds, and each row is stored once in a commit, as it was at its end', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 100, size: 'max' }), (changes) => {
    const recorded = new Changes(() => 0);
    const table = new DurableTable<Row>('rows', ({ id }) => id, recorded);
    const stored = new Map<string, object>();
    const commit = (): void => {
      const { rows } = recorded.take();
      expect(new Set(rows.map(({ place }) => place)).size).toBe(rows.length);
      for (const { key, row } of rows) if (row === undefined) stored.delete(key);
      for (const { key, row } of rows) if (row !== undefined) stored.set(key, row);
      recorded.flushed();
      expect(recorded.empty).toBe(true);
    };
    for (const each of changes) {
      if ('commit' in each) commit();
      else apply(table, each);
    }
    commit();
    expect([...stored.values()].toSorted(byId)).toEqual([...table.values()].toSorted(byId));
  }), { numRuns: 120 });
});

test('a row keeps the place that the journal gave it for as long as it is there, and one that comes anew has none', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 100, size: 'max' }), (changes) => {
    const recorded = new Changes(() => 0);
    const table = new DurableTable<Row>('rows', ({ id }) => id, recorded);
    const slots = new Map<string, number>();
    let given = 0;
    /** As a journal does: the place of a new row is filled, that of a deleted one is free again. */
    const place = (key: string, row: object | undefined, at: Place): void => {
      // What came and went between two commits was never given a place.
      expect([slots.get(key) ?? 0, row === undefined ? 0 : -1]).toContain(at.slot);
      if (row === undefined) {
        if (at.slot !== 0) slots.delete(key);
        return;
      }
      if (at.slot === 0) at.slot = ++given;
      slots.set(key, at.slot);
    };
    for (const each of changes) {
      if (!('commit' in each)) apply(table, each);
      else {
        const { rows } = recorded.take();
        for (const { key, row, place: at } of rows) if (row === undefined) place(key, row, at);
        for (const { key, row, place: at } of rows) if (row !== undefined) place(key, row, at);
      }
    }
  }), { numRuns: 120 });
});

test('an index is told of every change of a row with what was there before, so that it can be right without looking', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 100, size: 'max' }), fc.boolean(), (changes, isDurable) => {
    let sum = 0;
    const index = (before: Row | undefined, after: Row | undefined): void => { sum += (after?.value ?? 0) - (before?.value ?? 0); };
    const table = isDurable ? new DurableTable<Row>('rows', ({ id }) => id, new Changes(() => 0), [index]) : new Table<Row>(({ id }) => id, [index]);
    for (const each of changes) if (!('commit' in each)) apply(table, each);
    const rows = [...table.values()];
    expect([sum, table.size]).toEqual([rows.reduce((total, { value }) => total + value, 0), rows.length]);
  }), { numRuns: 100 });
});

test('a payload is never dropped by the commit that drops the row which named it, and always by the next', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.record({ drop: ids }), fc.record({ commit: fc.constant(true) })), { maxLength: 40, size: 'max' }), (steps) => {
    const recorded = new Changes(() => 0);
    let due: string[] = [];
    let next: string[] = [];
    const commit = (): void => {
      expect(recorded.take().drops).toEqual(due);
      [due, next] = [next, []];
    };
    for (const step of steps) {
      if ('commit' in step) commit();
      else next.push(step.drop);
      if ('drop' in step) recorded.dropPayload(step.drop);
    }
    expect(recorded.take().drops).toEqual(due);
    expect(recorded.empty).toBe(next.length === 0);
  }), { numRuns: 100 });
});

function byId(left: object, right: object): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
