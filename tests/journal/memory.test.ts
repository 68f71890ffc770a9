// The memory journal keeps every promise but durability, and can lose a commit as a crash would.

import { describe, expect, test } from 'vitest';
import { MemoryJournal } from '../../src/journal/memory.ts';
import { commitOf, rowsIn, Rows } from './commits.ts';
import { describeJournal } from './conformance.ts';

describeJournal('memory', () => {
  let last: MemoryJournal | undefined;
  return {
    async open() {
      last = last?.reopen() ?? new MemoryJournal();
      return last;
    },
  };
});

describe('memory journal, crashed', () => {
  test('a commit in flight at the crash is lost as a whole, and its caller learns that it failed', async () => {
    const before = new MemoryJournal();
    const { row } = new Rows();
    await before.commit(commitOf({ now: 1, rows: [row('t', 'a', { n: 1 })] }));
    const inFlight = before.commit(commitOf({ now: 2, rows: [row('t', 'a', { n: 2 }), row('t', 'b', {})] }));
    const after = before.reopen();
    await expect(inFlight).rejects.toThrow('opened again');
    expect(after.opened.now).toBe(1);
    expect(rowsIn(after)).toEqual({ 't/a': { n: 1 } });
    expect(rowsIn(after.reopen())).toEqual({ 't/a': { n: 1 } });
  });
});
