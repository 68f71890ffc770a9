// LMDB file: whether it can be opened without bringing the process down.
//
// Owns the look at the file before LMDB maps it. Does not own what is in it (lmdb.ts verifies every row).
//   F1. Reading a mapped page behind the end of its file ends the process by a signal, without a word. So a file that
//       is shorter than its last page says is first read whole in a process of its own. It may be in order: LMDB does
//       not write pages at the end that are free.

import { execFile } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { damaged } from './lmdb-store.ts';

const FILE = 'data.mdb';
const PROBE = fileURLToPath(new URL(`./lmdb-probe${extname(import.meta.url)}`, import.meta.url));

// LMDB begins its file with two meta pages, written in turn; the one with the higher transaction counts. In each page
// a header is followed by magic, version, address, map size, two tree descriptions (the first begins with the page
// size), the last page and the transaction. Numbers stand in the machine's order, little endian wherever we run.
const META_PAGES = 2;
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 65_536;

/** Throws `JournalRefused` when the file of the store is missing, is no such file, or is cut short. */
export async function assertWhole(path: string): Promise<void> {
  const file = join(path, FILE);
  if (!existsSync(file)) throw damaged(path, `${FILE} is missing`);
  const { bytes, bytesNeeded } = measure(file, path);
  if (bytes >= bytesNeeded || (await canBeRead(path))) return;
  throw damaged(path, `${FILE} was cut short, it has ${bytes} of ${bytesNeeded} bytes`);
}

function measure(file: string, path: string): { bytes: number; bytesNeeded: number } {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = fstatSync(descriptor).size;
    const first = readMetaPage(descriptor, 0);
    const pageBytes = first?.readUInt32LE(PAGE_SIZE_AT) ?? 0;
    if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) throw damaged(path, `${FILE} is no LMDB file`);
    const second = readMetaPage(descriptor, pageBytes);
    if (first === undefined || second === undefined) throw damaged(path, `${FILE} was cut short, or begins with foreign bytes`);
    const newer = first.readBigUInt64LE(TRANSACTION_AT) > second.readBigUInt64LE(TRANSACTION_AT) ? first : second;
    const pages = Number(newer.readBigUInt64LE(LAST_PAGE_AT)) + 1;
    return { bytes, bytesNeeded: Math.max(pages, META_PAGES) * pageBytes };
  } finally {
    closeSync(descriptor);
  }
}

function readMetaPage(descriptor: number, position: number): Buffer | undefined {
  const page = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, page, 0, META_BYTES, position) < META_BYTES) return undefined;
  return page.readUInt32LE(MAGIC_AT) === MAGIC ? page : undefined;
}

/** Whether a process that reads everything in the store lives to its end. */
async function canBeRead(path: string): Promise<boolean> {
  try {
    await promisify(execFile)(process.execPath, [PROBE, path]);
    return true;
  } catch {
    return false;
  }
}
