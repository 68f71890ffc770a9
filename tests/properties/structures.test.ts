// The structures under the state, each beside the plainest thing that does the same.
//
// A failure is told with its seed and the smallest example of it.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadline, Deadlines } from '../../src/state/deadlines.ts';
import { Fifo } from '../../src/state/fifo.ts';
import { Ordered } from '../../src/state/ordered.ts';
import { Queue } from '../../src/state/queue.ts';

const RUNS = { numRuns: 80 };

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
/** Few, so that they meet again; far enough apart that none is a prefix of its neighbour only. */
const ids = fc.integer({ min: 0, max: 60 }).map((n) => `id${n}`);

describe('a line', () => {
  const change = fc.oneof({ weight: 3, arbitrary: fc.record({ add: ids }) }, { weight: 2, arbitrary: fc.record({ remove: ids }) }, { weight: 1, arbitrary: fc.record({ take: fc.constant(true) }) });

  test('keeps who came first before who came later, whoever leaves and however often it is cut', () => {
    fc.assert(fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
      const fifo = new Fifo();
      let line: string[] = [];
      for (const each of changes) {
        if ('add' in each) {
          if (line.includes(each.add)) continue;
          fifo.add(each.add);
          line.push(each.add);
        } else {
          const gone = 'remove' in each ? each.remove : fifo.first();
          if (gone !== undefined) fifo.remove(gone);
          line = line.filter((id) => id !== gone);
        }
        expect([fifo.first(), fifo.size]).toEqual([line[0], line.length]);
      }
      expect([...fifo]).toEqual(line);
      for (let n = 0; n <= 60; n += 1) expect([fifo.has(`id${n}`), fifo.position(`id${n}`)]).toEqual([line.includes(`id${n}`), line.indexOf(`id${n}`) + 1]);
    }), RUNS);
  });

  test('of thousands gives each its turn once, when some have left from its middle', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 2, max: 9 }), (length, nth) => {
      const fifo = new Fifo();
      for (let n = 0; n < length; n += 1) fifo.add(String(n));
      for (let n = 0; n < length; n += nth) fifo.remove(String(n));
      const turns: string[] = [];
      for (let next = fifo.first(); next !== undefined; next = fifo.first()) {
        turns.push(next);
        fifo.remove(next);
      }
      expect(turns).toEqual(Array.from({ length }, (_, n) => n).filter((n) => n % nth !== 0).map(String));
      expect(fifo.size).toBe(0);
    }), { numRuns: 20 });
  });
});

describe('a queue that is only left at its head', () => {
  test('gives back everything once, in the order in which it came', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -40, max: 40 }), { maxLength: 200, size: 'max' }), (steps) => {
      const queue = new Queue<string>();
      const line: string[] = [];
      let count = 0;
      for (const step of steps) {
        for (let n = 0; n < step * 20; n += 1) {
          queue.add(String(count));
          line.push(String(count++));
        }
        const gone = Array.from({ length: Math.max(0, -step * 20) }, () => queue.shift()).filter((id) => id !== undefined);
        expect(gone).toEqual(line.splice(0, Math.max(0, -step * 20)));
        expect([queue.size, queue.first()]).toEqual([line.length, line[0]]);
      }
    }), { numRuns: 50 });
  });

  test('keeps nobody who has left', async () => {
    const queue = new Queue<object>();
    const first = new WeakRef(addTo(queue));
    const second = new WeakRef(addTo(queue));
    queue.shift();
    await nextTurn();
    collectGarbage();
    expect(first.deref()).toBeUndefined();
    expect(second.deref()).toBe(queue.first());
  });
});

function addTo(queue: Queue<object>): object {
  const item = {};
  queue.add(item);
  return item;
}

function padded(n: number): string {
  return String(n).padStart(5, '0');
}

describe('a set in order', () => {
  const names = fc.oneof(ids, fc.string({ maxLength: 3 }), fc.constantFrom('a', 'a/', 'a/b', 'A', '\uffff', '\u{1f512}', ''));

  test('lists every key once, in code-unit order, from any key on, whatever was added and taken away before', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), names), { maxLength: 400, size: 'max' }), fc.array(names, { maxLength: 5 }), (changes, cursors) => {
      const ordered = new Ordered();
      const plain = new Set<string>();
      for (const [isAdded, name] of changes) {
        if (isAdded) ordered.add(name);
        else ordered.delete(name);
        if (isAdded) plain.add(name);
        else plain.delete(name);
      }
      const sorted = [...plain].toSorted((left, right) => (left < right ? -1 : 1));
      expect([ordered.size, ordered.first(), [...ordered.from('')]]).toEqual([sorted.length, sorted[0], sorted]);
      for (const cursor of cursors) expect([...ordered.from(cursor)]).toEqual(sorted.filter((name) => name >= cursor));
    }), RUNS);
  });

  test('of thousands is listed whole in pages of any length, though keys come and go between them', () => {
    fc.assert(fc.property(fc.integer({ min: 600, max: 4_000 }), fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 97 }), (count, limit, stride) => {
      const ordered = new Ordered();
      for (let n = 0; n < count; n += 1) ordered.add(padded((n * 7_919) % count));
      const seen: string[] = [];
      let added: string | undefined;
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page: string[] = [...ordered.from(cursor).take(limit + 1)];
        seen.push(...page.slice(0, limit));
        cursor = page[limit];
        // Behind the cursor: what was listed goes, and other keys come.
        for (const listed of page.slice(0, limit)) ordered.delete(listed);
        if (cursor !== undefined && cursor > padded(stride)) ordered.add((added = `${padded(stride)}x`));
        expect(ordered.first()).toBe(added ?? cursor);
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, n) => padded(n)));
    }), { numRuns: 10 });
  });
});

describe('deadlines', () => {
  const change = fc.record({ id: ids, dueAt: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined, freq: 4 }) });

  test('come due once each, in the order of their times, and in the order in which they were set where those are equal', () => {
    fc.assert(fc.property(fc.array(change, { maxLength: 300, size: 'max' }), fc.integer({ min: 0, max: 60 }), (changes, now) => {
      const deadlines = new Deadlines();
      const all = new Map<string, Deadline>();
      const plain = new Map<string, { dueAt: number; order: number }>();
      for (const [order, { id, dueAt }] of changes.entries()) {
        if (!all.has(id)) all.set(id, new Deadline('lease', id));
        deadlines.set(all.get(id)!, dueAt);
        if (dueAt === undefined) plain.delete(id);
        else if (plain.get(id)?.dueAt !== dueAt) plain.set(id, { dueAt, order });
      }
      const sorted = [...plain].toSorted(([, left], [, right]) => left.dueAt - right.dueAt || left.order - right.order);
      expect([deadlines.size, deadlines.next()]).toEqual([sorted.length, sorted[0]?.[1].dueAt]);
      const due: string[] = [];
      for (let next = deadlines.past(now); next !== undefined; next = deadlines.past(now)) {
        due.push(next.id);
        deadlines.set(next, undefined);
      }
      expect(due).toEqual(sorted.filter(([, { dueAt }]) => dueAt < now).map(([id]) => id));
    }), RUNS);
  });

  test('of two kinds with one id have nothing to do with each other', () => {
    fc.assert(fc.property(ids, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), (id, lease, key) => {
      const deadlines = new Deadlines();
      const [first, second] = [new Deadline('lease', id), new Deadline('key', id)];
      deadlines.set(first, lease);
      deadlines.set(second, key);
      deadlines.set(first, undefined);
      expect([deadlines.size, deadlines.past(10)]).toEqual([1, expect.objectContaining({ kind: 'key', id, dueAt: key })]);
    }), RUNS);
  });
});
