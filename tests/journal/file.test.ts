// The file of the journal: a change that LMDB would only stumble over later, or never see, is found when it is opened.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { JournalRefused } from '../../src/journal/journal.ts';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { assertWhole } from '../../src/journal/lmdb-file.ts';
import { bytesOf, commitOf, Rows } from './commits.ts';
import { newDirectory } from './directories.ts';

const PAGE = 4_096;
const META = { lastPage: 144, transaction: 152, mainRoot: 136, freeRoot: 88 };
const PAGE_HEADER = 24;

/** The store of a journal with `commits` commits, some of which free pages. Closed. */
async function written(commits: number): Promise<string> {
  const directory = newDirectory();
  const journal = await openLmdbJournal(directory);
  const { row } = new Rows();
  for (let n = 1; n <= commits; n += 1) {
    const payloads = [{ id: `p${n}/x`, bytes: bytesOf(9_000, n) }];
    await journal.commit(commitOf({ now: n, rows: [row('locks', 'one', { n })], payloads, drops: n > 2 ? [`p${n - 2}/x`] : [] }));
  }
  await journal.close();
  return join(directory, 'journal');
}

/** What `assertWhole` says with one bit changed; `put right` when it put the file right, an empty text when it is content. */
function withBit(store: string, at: number, bit: number): string {
  const file = join(store, 'data.mdb');
  const whole = readFileSync(file);
  writeFileSync(file, Buffer.from(whole).fill((whole[at] ?? 0) ^ (1 << bit), at, at + 1));
  try {
    assertWhole(store);
    return readFileSync(file).equals(whole) ? 'put right' : '';
  } catch (error) {
    return String(error);
  } finally {
    writeFileSync(file, whole);
  }
}

function bitsOf(at: number, bytes: number): { at: number; bit: number }[] {
  return Array.from({ length: bytes * 8 }, (_, n) => ({ at: at + Math.floor(n / 8), bit: n % 8 }));
}

/** Where the meta page that counts begins. */
function lastMeta(file: Buffer): number {
  return file.readBigUInt64LE(META.transaction) > file.readBigUInt64LE(PAGE + META.transaction) ? 0 : PAGE;
}

test.for([10, 11])('no changed bit in the number of a meta page brings back the commit before, after %i commits', async (commits) => {
  const store = await written(commits);
  const bits = [...bitsOf(META.transaction, 8), ...bitsOf(PAGE + META.transaction, 8)];
  expect(bits.filter(({ at, bit }) => withBit(store, at, bit) === '')).toEqual([]);
});

test.for([0, 64, 120])('a meta page that lost 512 bytes from byte %i is refused, not taken for one that was never written', async (from) => {
  const store = await written(10);
  const file = join(store, 'data.mdb');
  const whole = readFileSync(file);
  const meta = lastMeta(whole);
  writeFileSync(file, whole.fill(0, meta + from, meta + from + 512));
  expect(() => { assertWhole(store); }).toThrow(JournalRefused);
});

test.for([10, 11])('no changed bit in the number of the last page passes, as pages in use would be overwritten, after %i commits', async (commits) => {
  const store = await written(commits);
  const meta = lastMeta(readFileSync(join(store, 'data.mdb')));
  expect(bitsOf(meta + META.lastPage, 8).filter(({ at, bit }) => withBit(store, at, bit) === '')).toEqual([]);
});

test('a list of free pages with a page that is in use, listed twice or not there is refused', async () => {
  const store = await written(10);
  const file = readFileSync(join(store, 'data.mdb'));
  const root = Number(file.readBigUInt64LE(lastMeta(file) + META.freeRoot)) * PAGE;
  const lists = Array.from({ length: file.readUInt16LE(root + 20) / 2 }, (_, n) => root + PAGE_HEADER + file.readUInt16LE(root + PAGE_HEADER + n * 2) + 16);
  const numbers = lists.flatMap((list) => Array.from({ length: Number(file.readBigUInt64LE(list)) }, (_, n) => list + 8 + n * 8));
  expect(numbers.length).toBeGreaterThan(2);
  const changed = numbers.flatMap((at) => bitsOf(at, 1));
  const passed = changed.filter(({ at, bit }) => withBit(store, at, bit) === '');
  // A free page that is taken from the list is only lost room.
  expect(passed.length).toBeLessThan(changed.length / 20);
});

test('a lock file of LMDB that cannot be opened is refused in words', async () => {
  const store = await written(2);
  rmSync(join(store, 'lock.mdb'));
  mkdirSync(join(store, 'lock.mdb'));
  await expect(openLmdbJournal(dirname(store))).rejects.toThrow(/cannot be opened: EISDIR.*lock\.mdb/u);
});
