// LMDB file: whether LMDB can walk it without bringing the process down.
//
// Owns a look at the shape of the file before LMDB maps it. Does not own what the rows say (lmdb.ts verifies each).
//   F1. LMDB trusts its file: a tree that leads behind the end of the file, or to a page of another kind, ends the
//       process by a signal, at the start or at some later commit. So every page that a tree leads to is looked at
//       here first, and what does not fit becomes a refusal with words.
//   F2. Only pages that are in use are looked at. A file may well be shorter than its last page: LMDB does not write
//       pages at the end that are free.
//
// The form: two meta pages, of which the one with the higher transaction counts, each with the descriptions of two
// trees: the free pages, and the databases by name, whose descriptions are the values. Numbers are little endian.

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { damaged } from './lmdb-store.ts';

const FILE = 'data.mdb';

const META = { bytes: 160, magic: 24, version: 28, pageBytes: 48, freeTree: 48, mainTree: 96, transaction: 152 };
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

/** One way through all pages in use, each of them once. */
class Walk {
  readonly #descriptor: number;
  readonly #fileBytes: number;
  #pageBytes = 0;
  #transaction = 0n;
  #seen = new Uint8Array();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#fileBytes = fstatSync(descriptor).size;
  }

  file(): void {
    const first = this.#metaPage(0);
    this.#pageBytes = first.readUInt32LE(META.pageBytes);
    if (this.#pageBytes < PAGE_BYTES[0] || this.#pageBytes > PAGE_BYTES[1]) throw new Misfit('begins with a meta page that is damaged');
    const second = this.#metaPage(this.#pageBytes);
    const meta = first.readBigUInt64LE(META.transaction) > second.readBigUInt64LE(META.transaction) ? first : second;
    this.#transaction = meta.readBigUInt64LE(META.transaction);
    this.#seen = new Uint8Array(Math.floor(this.#fileBytes / this.#pageBytes));
    this.#seen.fill(1, 0, 2);
    this.#tree(meta.subarray(META.freeTree), false);
    this.#tree(meta.subarray(META.mainTree), true);
  }

  #metaPage(position: number): Buffer {
    if (this.#fileBytes < position + META.bytes) throw new Misfit(`was cut short, it has ${this.#fileBytes} bytes`);
    const page = this.#read(position, META.bytes);
    if (page.readUInt32LE(META.magic) !== MAGIC) throw new Misfit('is no LMDB file');
    if (page.readUInt16LE(META.version) !== VERSION) throw new Misfit('was written by another version of LMDB');
    return page;
  }

  #tree(description: Buffer, holdsTrees: boolean): void {
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
      else for (const at of nodes) this.#leafNode(page, at, number, holdsTrees);
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

  #leafNode(page: Buffer, at: number, number: number, holdsTrees: boolean): void {
    const bytes = page.readUInt32LE(at);
    const flags = page.readUInt16LE(at + NODE.flags);
    const value = keyEnd(page, at);
    const bytesHere = flags === IN_OVERFLOW ? OVERFLOW_BYTES : bytes;
    if (value + bytesHere > page.length || flags > IS_TREE || (flags === IS_TREE) !== holdsTrees) throw misfit(number);
    if (flags === IN_OVERFLOW) this.#overflow(Number(page.readBigUInt64LE(value)), bytes);
    if (!holdsTrees) return;
    if (bytes !== TREE.bytes) throw misfit(number);
    this.#tree(page.subarray(value, value + bytes), false);
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
    if (this.#seen[number] === 1) throw misfit(number);
    this.#seen[number] = 1;
  }

  #read(position: number, bytes: number): Buffer {
    const page = Buffer.allocUnsafe(bytes);
    if (readSync(this.#descriptor, page, 0, bytes, position) < bytes) throw new Misfit('was cut short');
    return page;
  }
}

/** Where the key of the node that begins here ends, and its value begins. */
function keyEnd(page: Buffer, at: number): number {
  return at + NODE.header + page.readUInt16LE(at + NODE.keyBytes);
}

function misfit(page: number): Misfit {
  return new Misfit(`does not hold together: page ${page} was changed`);
}
