// LMDB walk: all pages of one commit in the file, each of them once.
//
// Owns the form of pages, trees and the list of free pages. Does not own which commit counts (lmdb-file.ts).
//   K1. LMDB trusts its file: a tree that leads behind the end of the file, or to a page of another kind, ends the
//       process by a signal, at the start or at some later commit. So every page that a tree leads to is looked at.
//   K2. Only pages that are in use are looked at. A file may well be shorter than its last page: LMDB does not write
//       pages at the end that are free.
//   K3. A page that is in use and listed as free as well, or that stands behind the last page, would be overwritten by
//       some later commit: the list of free pages is read too.

import { readSync } from 'node:fs';

export const TREE = { bytes: 48, depth: 6, entries: 32, root: 40 };
export const NO_ROOT = 2n ** 64n - 1n;
export const PAGE = { header: 24, number: 0, transaction: 8, flags: 18, pointersEnd: 20, nodesStart: 22, overflowPages: 20 };
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
const DEPTH_MAX = 32;

/** What does not fit; the message goes on after the name of the file. */
export class Misfit extends Error {}

/** One commit, as a meta page describes it. */
export interface Snapshot {
  readonly transaction: bigint;
  readonly lastPage: bigint;
  /** Descriptions of the two trees. */
  readonly free: Buffer;
  readonly main: Buffer;
}

/** What the leaves of a tree hold: lists of free pages, descriptions of trees, or what is ours. */
type Holds = 'free pages' | 'trees' | 'data';

/** An open file of a known length. */
export class Pages {
  readonly fileBytes: number;
  readonly #descriptor: number;
  pageBytes = 0;

  constructor(descriptor: number, fileBytes: number) {
    this.#descriptor = descriptor;
    this.fileBytes = fileBytes;
  }

  read(position: number, bytes: number): Buffer {
    const page = Buffer.allocUnsafe(bytes);
    if (readSync(this.#descriptor, page, 0, bytes, position) < bytes) throw new Misfit('was cut short');
    return page;
  }
}

/** Throws `Misfit` when the pages of the commit do not hold together. */
export function walk(pages: Pages, snapshot: Snapshot): void {
  new Walk(pages, snapshot).all();
}

class Walk {
  readonly #pages: Pages;
  readonly #snapshot: Snapshot;
  /** In use, or free, one byte for each page of the file. */
  readonly #seen: Uint8Array;
  readonly #freeBehindEnd = new Set<number>();

  constructor(pages: Pages, snapshot: Snapshot) {
    this.#pages = pages;
    this.#snapshot = snapshot;
    this.#seen = new Uint8Array(Math.floor(pages.fileBytes / pages.pageBytes)).fill(1, 0, 2);
  }

  all(): void {
    const { free, main, lastPage } = this.#snapshot;
    this.#tree(free, 'free pages');
    this.#tree(main, 'trees');
    if (lastPage >= this.#seen.length && !this.#freeBehindEnd.has(Number(lastPage))) throw new Misfit('was cut short or has another last page');
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
    if (holds === 'free pages') this.#free(overflow === undefined ? page.subarray(value, value + bytes) : this.#pages.read(overflow * this.#pages.pageBytes + PAGE.header, bytes), number);
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
      if (first < 2 || behind - 1 > this.#snapshot.lastPage) throw misfit(number);
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
    if (pages * this.#pages.pageBytes < PAGE.header + bytes) throw misfit(number);
    for (let next = number + 1; next < number + pages; next += 1) this.#mark(next);
  }

  #page(number: number, kind: number): Buffer {
    this.#mark(number);
    const page = this.#pages.read(number * this.#pages.pageBytes, kind === OVERFLOW ? PAGE.header : this.#pages.pageBytes);
    const fits = page.readBigUInt64LE(PAGE.number) === BigInt(number) && (page.readUInt16LE(PAGE.flags) & PAGE_KINDS) === kind;
    if (!fits || page.readBigUInt64LE(PAGE.transaction) > this.#snapshot.transaction) throw misfit(number);
    return page;
  }

  #mark(number: number): void {
    if (!(number < this.#seen.length)) throw new Misfit(`was cut short: page ${number} is missing, it has ${this.#seen.length}`);
    if (this.#seen[number] === 1 || number > this.#snapshot.lastPage) throw misfit(number);
    this.#seen[number] = 1;
  }
}

/** Where the key of the node that begins here ends, and its value begins. */
function keyEnd(page: Buffer, at: number): number {
  return at + NODE.header + page.readUInt16LE(at + NODE.keyBytes);
}

function misfit(page: number): Misfit {
  return new Misfit(`does not hold together: page ${page} was changed`);
}
