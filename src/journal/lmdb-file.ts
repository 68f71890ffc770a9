// LMDB file: whether LMDB can open it without bringing the process down, and opens the last commit.
//
// Owns the meta pages, before LMDB maps the file. Does not own the pages behind them (lmdb-walk.ts) or what the rows say
// (lmdb.ts verifies each).
//   F1. Which meta page counts is said by one number alone, and a changed one would bring back the commit before. But
//       the two follow one another, every commit of ours writes the root of the databases anew, and a commit leaves the
//       pages of the one before it alone: so both roots carry the numbers of their commits a second time.
//   F2. Where writing a meta page failed, LMDB leaves one with the trees of that commit and the number of an older one.
//       A changed bit can look the same. The pages of that commit were flushed before, so it is whole, and nobody was
//       told that it is not there: its number is put right. Going without it would be wrong in the second case, and
//       refusing in the first.
//   F3. A file that LMDB cannot open ends the process by a signal: both are opened here first.
//
// The form: two meta pages, of which the one with the higher transaction counts, each with the descriptions of two
// trees: the free pages, and the databases by name, whose descriptions are the values. Numbers are little endian.

import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, STORE_FILE } from './lmdb-store.ts';
import { Misfit, NO_ROOT, PAGE, Pages, TREE, walk, type Snapshot } from './lmdb-walk.ts';

/** LMDB's own, beside the file; it makes one where there is none. */
const LOCK_FILE = 'lock.mdb';

const META = { bytes: 160, magic: 24, version: 28, pageBytes: 48, freeTree: 48, mainTree: 96, lastPage: 144, transaction: 152 };
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_BYTES = [256, 65_536] as const;
const NUMBER_BYTES = 8;

/**
 * Throws `JournalRefused` when the file of the store is missing, is no such file, is cut short or does not hold
 * together. Puts the number of a meta page right where it can be told (F2).
 */
export function assertWhole(path: string): void {
  const file = join(path, STORE_FILE);
  if (!existsSync(file)) throw damaged(path, `${STORE_FILE} is missing`);
  if (existsSync(join(path, LOCK_FILE))) closeSync(openSync(join(path, LOCK_FILE), 'r+'));
  const descriptor = openSync(file, 'r+');
  try {
    const pages = new Pages(descriptor, fstatSync(descriptor).size);
    const metas = readMetas(pages);
    const renumbered = unnumberedLast(pages, metas);
    if (renumbered === undefined) return assertLast(pages, metas);
    writeSync(descriptor, numberBytes(renumbered.transaction), 0, NUMBER_BYTES, renumbered.position + META.transaction);
    fdatasyncSync(descriptor);
  } catch (error) {
    if (error instanceof Misfit) throw damaged(path, `${STORE_FILE} ${error.message}`);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

interface Meta extends Snapshot {
  readonly position: number;
  /** What the root of the databases says was the commit that wrote it; -1 where there is none. */
  readonly rootTransaction: bigint;
}

interface Metas {
  /** The one with the higher number, which LMDB opens. */
  readonly last: Meta;
  readonly before: Meta;
}

function readMetas(pages: Pages): Metas {
  const first = metaPage(pages, 0);
  pages.pageBytes = first.readUInt32LE(META.pageBytes);
  if (pages.pageBytes < PAGE_BYTES[0] || pages.pageBytes > PAGE_BYTES[1]) throw new Misfit('begins with a meta page that is damaged');
  const metas = [metaOf(pages, first, 0), metaOf(pages, metaPage(pages, pages.pageBytes), pages.pageBytes)] as const;
  const [one, other] = metas;
  return one.transaction > other.transaction ? { last: one, before: other } : { last: other, before: one };
}

function metaPage(pages: Pages, position: number): Buffer {
  if (pages.fileBytes < position + META.bytes) throw new Misfit(`was cut short, it has ${pages.fileBytes} bytes`);
  const page = pages.read(position, META.bytes);
  if (page.readUInt32LE(META.magic) !== MAGIC) throw new Misfit('is no LMDB file');
  if (page.readUInt16LE(META.version) !== VERSION) throw new Misfit('was written by another version of LMDB');
  return page;
}

function metaOf(pages: Pages, page: Buffer, position: number): Meta {
  const main = page.subarray(META.mainTree, META.mainTree + TREE.bytes);
  return {
    position,
    transaction: page.readBigUInt64LE(META.transaction),
    lastPage: page.readBigUInt64LE(META.lastPage),
    free: page.subarray(META.freeTree, META.freeTree + TREE.bytes),
    main,
    rootTransaction: rootTransaction(pages, main),
  };
}

function rootTransaction(pages: Pages, main: Buffer): bigint {
  const position = Number(main.readBigUInt64LE(TREE.root)) * pages.pageBytes;
  return position + PAGE.header > pages.fileBytes ? -1n : pages.read(position, PAGE.header).readBigUInt64LE(PAGE.transaction);
}

/** Compares what the meta pages say with what the roots say. A copy that LMDB compacted has no commit before its first. (F1) */
function assertLast(pages: Pages, { last, before }: Metas): void {
  walk(pages, last);
  const isFirst = before.transaction === 0n && before.main.readBigUInt64LE(TREE.root) === NO_ROOT;
  const follows = isFirst || before.transaction + 1n === last.transaction;
  const isOfOlderTrees = last.rootTransaction <= before.rootTransaction && !isAbandoned({ last, before });
  if (!follows || isOfOlderTrees) throw new Misfit('has meta pages of which it cannot be told which is the last');
}

/** The older meta page with the trees of the commit that follows the last one. (F2) */
function isAbandoned({ last, before }: Metas): boolean {
  return before.transaction + 1n === last.transaction && last.rootTransaction === last.transaction && before.rootTransaction === last.transaction + 1n;
}

/** The meta page of a commit that lost its number and is whole otherwise, with its number; `undefined` when there is none. (F2) */
function unnumberedLast(pages: Pages, metas: Metas): Meta | undefined {
  if (!isAbandoned(metas)) return undefined;
  const last = { ...metas.before, transaction: metas.before.rootTransaction };
  try {
    walk(pages, last);
    return last;
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

function numberBytes(transaction: bigint): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigUInt64LE(transaction);
  return bytes;
}
