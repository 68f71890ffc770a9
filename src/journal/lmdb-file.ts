// LMDB file: whether LMDB can walk it without bringing the process down.
//
// Owns a look at the shape of the file before LMDB maps it. Does not own what the rows say (lmdb.ts verifies each).
//   F1. LMDB trusts its file: a tree that leads behind the end of the file, or to a page of another kind, ends the
//       process by a signal, at the start or at some later commit. So every page that a tree leads to is looked at
//       here first, and what does not fit becomes a refusal with words.
//   F2. Only pages that are in use are looked at. A file may well be shorter than its last page: LMDB does not write
//       pages at the end that are free.
//   F3. A page that is in use and listed as free as well, or that stands behind the last page, would be overwritten by
//       some later commit: the list of free pages is read too.
//   F4. Which meta page counts is said by one number alone, and a changed one would bring back the commit before. But
//       the two follow one another, every commit of ours writes the root of the databases anew, and a commit leaves the
//       pages of the one before it alone: so both roots carry the numbers of their commits a second time.
//
// The form: two meta pages, of which the one with the higher transaction counts, each with the descriptions of two
// trees: the free pages, and the databases by name, whose descriptions are the values. Numbers are little endian.

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { damaged } from './lmdb-store.ts';

const FILE = 'data.mdb';

const META = { bytes: 160, magic: 24, version: 28, pageBytes: 48, freeTree: 48, mainTree: 96, lastPage: 144, transaction: 152 };
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const TREE = { bytes: 48, depth: 6, entries: 32, root: 40 };
const NO_ROOT = 2n ** 64n - 1n;
const PAGE = { header: 24, number: 0, transaction: 8, flags: 18, pointersEnd: 20, nodesStart: 22, overflowPages: 20 };
const PAGE_KINDS = 0x6f;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
/** A node begins with the number of its child page in a branch; in a leaf with the bytes of its value, and flags. */
const NODE = { header: 8, flags: 4, keyBytes: 6 };
const CHILD_BYTES = 6;
const IN_OVERFLOW = 1;
const IS_TREE = 2;
const OVERFLOW_BYTES = 24;
const FREE_ENTRY = 8;
const PAGE_BYTES = [256, 65_536] as const;
const DEPTH_MAX = 32;

/** Throws `JournalRefused` when the file of the store is missing, is no such file, is cut short or does not hold together. */
export function assertWhole(path: string): void {
  const file = join(path, FILE);
  if (!existsSync(file)) throw damaged(path, `${FILE} is missing`);
  const descriptor = openSync(file, 'r');
  try {
    new Walk(descriptor).file();
  } catch (error) {
    if (error instanceof Misfit) throw damaged(path, `${FILE} ${error.message}`);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

class Misfit extends Error {}

/** What the leaves of a tree hold: lists of free pages, descriptions of trees, or what is ours. */
type Holds = 'free pages' | 'trees' | 'data';

/** One way through all pages in use, each of them once. */
class Walk {
  readonly #descriptor: number;
  readonly #fileBytes: number;
  #pageBytes = 0;
  #transaction = 0n;
  #lastPage = 0n;
  /** In use, or free, one byte for each page of the file. */
  #seen = new Uint8Array();
  readonly #freeBehindEnd = new Set<number>();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#fileBytes = fstatSync(descriptor).size;
  }

  file(): void {
    const first = this.#metaPage(0);
    this.#pageBytes = first.readUInt32LE(META.pageBytes);
    if (this.#pageBytes < PAGE_BYTES[0] || this.#pageBytes > PAGE_BYTES[1]) throw new Misfit('begins with a meta page that is damaged');
    const second = this.#metaPage(this.#pageBytes);
    const [meta, before] = transactionOf(first) > transactionOf(second) ? [first, second] : [second, first];
    this.#transaction = transactionOf(meta);
    this.#lastPage = meta.readBigUInt64LE(META.lastPage);
    this.#seen = new Uint8Array(Math.floor(this.#fileBytes / this.#pageBytes));
    this.#seen.fill(1, 0, 2);
    this.#tree(meta.subarray(META.freeTree), 'free pages');
    this.#tree(meta.subarray(META.mainTree), 'trees');
    this.#assertNewest(meta, before);
    if (this.#lastPage >= this.#seen.length && !this.#freeBehindEnd.has(Number(this.#lastPage))) throw new Misfit('was cut short or has another last page');
  }

  #metaPage(position: number): Buffer {
    if (this.#fileBytes < position + META.bytes) throw new Misfit(`was cut short, it has ${this.#fileBytes} bytes`);
    const page = this.#read(position, META.bytes);
    if (page.readUInt32LE(META.magic) !== MAGIC) throw new Misfit('is no LMDB file');
    if (page.readUInt16LE(META.version) !== VERSION) throw new Misfit('was written by another version of LMDB');
    return page;
  }

  /** Compares what the meta pages say with what the roots say. A copy that LMDB compacted has no commit before its first. (F4) */
  #assertNewest(meta: Buffer, before: Buffer): void {
    const isFirst = transactionOf(before) === 0n && before.readBigUInt64LE(META.mainTree + TREE.root) === NO_ROOT;
    if ((!isFirst && transactionOf(before) + 1n !== transactionOf(meta)) || this.#rootTransaction(meta) <= this.#rootTransaction(before)) throw new Misfit('has meta pages of which it cannot be told which is the last');
  }

  /** -1 where there is no root. */
  #rootTransaction(meta: Buffer): bigint {
    const root = meta.readBigUInt64LE(META.mainTree + TREE.root);
    const position = Number(root) * this.#pageBytes;
    if (position + PAGE.header > this.#fileBytes) return -1n;
    return this.#read(position, PAGE.header).readBigUInt64LE(PAGE.transaction);
  }

  #tree(description: Buffer, holds: Holds): void {
    const root = description.readBigUInt64LE(TREE.root);
    const depth = description.readUInt16LE(TREE.depth);
    if ((root === NO_ROOT) !== (depth === 0) || depth > DEPTH_MAX) throw new Misfit('has a tree without a root');
    let entries = 0n;
    const ways = depth === 0 ? [] : [{ page: Number(root), level: depth }];
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const { page: number, level } = way;
      const page = this.#page(number, level > 1 ? BRANCH : LEAF);
      const nodes = this.#nodes(page, number);
      if (level > 1) for (const at of nodes) ways.push({ page: page.readUIntLE(at, CHILD_BYTES), level: level - 1 });
      else for (const at of nodes) this.#leafNode(page, at, number, holds);
      if (level === 1) entries += BigInt(nodes.length);
    }
    if (entries !== description.readBigUInt64LE(TREE.entries)) throw new Misfit('has a tree that lost entries');
  }

  /** Where in the page its nodes begin. */
  #nodes(page: Buffer, number: number): number[] {
    const pointersEnd = PAGE.header + page.readUInt16LE(PAGE.pointersEnd);
    const nodesStart = PAGE.header + page.readUInt16LE(PAGE.nodesStart);
    if (pointersEnd === PAGE.header || pointersEnd % 2 === 1 || pointersEnd > nodesStart || nodesStart > page.length) throw misfit(number);
    const nodes: number[] = [];
    for (let pointer = PAGE.header; pointer < pointersEnd; pointer += 2) {
      const at = PAGE.header + page.readUInt16LE(pointer);
      if (at < nodesStart || at + NODE.header > page.length || keyEnd(page, at) > page.length) throw misfit(number);
      nodes.push(at);
    }
    return nodes;
  }

  #leafNode(page: Buffer, at: number, number: number, holds: Holds): void {
    const bytes = page.readUInt32LE(at);
    const flags = page.readUInt16LE(at + NODE.flags);
    const value = keyEnd(page, at);
    const bytesHere = flags === IN_OVERFLOW ? OVERFLOW_BYTES : bytes;
    if (value + bytesHere > page.length || flags > IS_TREE || (flags === IS_TREE) !== (holds === 'trees')) throw misfit(number);
    const overflow = flags === IN_OVERFLOW ? Number(page.readBigUInt64LE(value)) : undefined;
    if (overflow !== undefined) this.#overflow(overflow, bytes);
    if (holds === 'trees') {
      if (bytes !== TREE.bytes) throw misfit(number);
      this.#tree(page.subarray(value, value + bytes), 'data');
    }
    if (holds === 'free pages') this.#free(overflow === undefined ? page.subarray(value, value + bytes) : this.#read(overflow * this.#pageBytes + PAGE.header, bytes), number);
  }

  /**
   * A list begins with the number of its entries. An entry above 0 is a free page; one below 0 is the length of a run,
   * and the next entry its first page; a 0 is no entry.
   */
  #free(list: Buffer, number: number): void {
    const end = list.length < FREE_ENTRY ? 0n : (list.readBigUInt64LE(0) + 1n) * BigInt(FREE_ENTRY);
    if (end < FREE_ENTRY || end > list.length) throw misfit(number);
    for (let at = FREE_ENTRY; at < end; at += FREE_ENTRY) {
      const entry = Number(list.readBigInt64LE(at));
      if (entry === 0) continue;
      if (entry < 0) at += FREE_ENTRY;
      if (at >= end) throw misfit(number);
      const first = Number(list.readBigInt64LE(at));
      const behind = first + (entry < 0 ? -entry : 1);
      if (first < 2 || behind - 1 > this.#lastPage) throw misfit(number);
      for (let page = first; page < behind; page += 1) this.#markFree(page);
    }
  }

  #markFree(page: number): void {
    if (page < this.#seen.length) return this.#mark(page);
    if (this.#freeBehindEnd.has(page)) throw misfit(page);
    this.#freeBehindEnd.add(page);
  }

  #overflow(number: number, bytes: number): void {
    const header = this.#page(number, OVERFLOW);
    const pages = header.readUInt32LE(PAGE.overflowPages);
    if (pages * this.#pageBytes < PAGE.header + bytes) throw misfit(number);
    for (let next = number + 1; next < number + pages; next += 1) this.#mark(next);
  }

  #page(number: number, kind: number): Buffer {
    this.#mark(number);
    const page = this.#read(number * this.#pageBytes, kind === OVERFLOW ? PAGE.header : this.#pageBytes);
    const fits = page.readBigUInt64LE(PAGE.number) === BigInt(number) && (page.readUInt16LE(PAGE.flags) & PAGE_KINDS) === kind;
    if (!fits || page.readBigUInt64LE(PAGE.transaction) > this.#transaction) throw misfit(number);
    return page;
  }

  #mark(number: number): void {
    if (!(number < this.#seen.length)) throw new Misfit(`was cut short: page ${number} is missing, it has ${this.#seen.length}`);
    if (this.#seen[number] === 1 || number > this.#lastPage) throw misfit(number);
    this.#seen[number] = 1;
  }

  #read(position: number, bytes: number): Buffer {
    const page = Buffer.allocUnsafe(bytes);
    if (readSync(this.#descriptor, page, 0, bytes, position) < bytes) throw new Misfit('was cut short');
    return page;
  }
}

function transactionOf(meta: Buffer): bigint {
  return meta.readBigUInt64LE(META.transaction);
}

/** Where the key of the node that begins here ends, and its value begins. */
function keyEnd(page: Buffer, at: number): number {
  return at + NODE.header + page.readUInt16LE(at + NODE.keyBytes);
}

function misfit(page: number): Misfit {
  return new Misfit(`does not hold together: page ${page} was changed`);
}
