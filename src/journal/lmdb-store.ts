// LMDB store: the environment that the journal keeps in its directory.
//
// Owns its options, its three databases, making a new one, and the meta record. Does not own rows (lmdb.ts) or
// whether the file can be opened at all (lmdb-file.ts).
//   S1. `overlappingSync` is off: a write's promise then resolves when the commit is flushed, meta page included. With
//       it on, a start in the same boot may trust a commit that never reached the disk.
//   S2. A new journal is made beside its place and moved there when it is complete and flushed. So whatever is found
//       in its place was once whole, and an empty or half-made one is damage, never a first start that was cut short.
//       That is so whatever the durability is.
//   S3. The version of the meta record, as LMDB keeps it, is the epoch: a write can depend on it at no cost.
//   S4. With the durability `os` LMDB writes the same pages in the same order by `pwrite`, the meta page last, and asks
//       for no flush. The kernel has them then, so a kill takes nothing back; a power cut may leave any of them.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { open, type Database, type RootDatabase } from 'lmdb';
import { syncDirectory } from './directory.ts';
import { JournalRefused, messageOf, type Durability } from './journal.ts';
import type { Totals } from './ledger.ts';
import { RecordWriter, readRecord, recordText, type RecordText } from './record.ts';

/** The form of everything in the store. Another number is refused, never guessed at. */
const FORMAT = 1;
/** LMDB's own, in the directory of the store. */
export const STORE_FILE = 'data.mdb';
/** More than a new store takes. */
const NEW_STORE_BYTES = 65_536;
const META_KEY = 'meta';
/** How many writes may wait for the next turn of the loop before LMDB's thread is started; its types do not know of it. */
const START_AT_ONCE = { txnStartThreshold: 1 };
/** Records are taken out of the memory that LMDB reads each into: a copy of its own would cost more than the record. */
const AS_TEXT = { encoder: { decode: recordText } };
/** How long the reason of a failed write may take to be told. */
const REASON_MS = 500;
/** No row stands in it. */
const META_SLOT = 0;
/** What an operator can do about a journal that is damaged. */
export const WAYS_OUT =
  'Restore the data directory from a copy and set HOLDFAST_TOKEN_FLOOR, or set HOLDFAST_DATA_DIR to a new directory.';

export interface Store {
  readonly environment: RootDatabase<Buffer, string>;
  /** One record: the meta record. */
  readonly meta: Database<Buffer, string>;
  /** Records of rows by slot. */
  readonly rows: Database<Buffer, number>;
  /** Bare bytes by payload id; their length and checksum stand in the row that names them. */
  readonly payloads: Database<Uint8Array, string>;
}

export interface Meta extends Totals {
  readonly now: number;
  readonly epoch: number;
}

export function openStore(path: string, durability: Durability = 'flush'): Store {
  const environment = open<Buffer, string>(path, {
    noSubdir: false,
    overlappingSync: false,
    noSync: durability === 'os',
    // A commit is one block of writes; waiting for others that might join it would only delay it.
    eventTurnBatching: false,
    ...START_AT_ONCE,
    encoding: 'binary',
    maxDbs: 3,
  });
  return {
    environment,
    meta: environment.openDB<Buffer, string>('meta', { encoding: 'binary', useVersions: true }),
    rows: environment.openDB<Buffer, number>('rows', { encoding: 'binary' }),
    payloads: environment.openDB<Uint8Array, string>('payloads', { encoding: 'binary' }),
  };
}

/** The records of all rows, in the order of their slots. */
export function recordsOf({ environment }: Store): Iterable<{ readonly key: number; readonly value: RecordText }> {
  return environment.openDB<RecordText, number>('rows', { encoding: 'binary', ...AS_TEXT }).getRange();
}

/** Makes the store where there is none. */
export async function ensureStore(path: string): Promise<void> {
  if (existsSync(path)) return;
  const unfinished = `${path}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  assertRoom(unfinished);
  const store = openStore(unfinished);
  await flushed(store.meta.put(META_KEY, metaRecord({ now: 0, epoch: 0, rows: 0, sum: 0 }), 0));
  await store.environment.close();
  syncDirectory(unfinished);
  renameSync(unfinished, path);
  syncDirectory(dirname(path));
}

/** Flushes what a closed store was written without flushes. (S4) */
export async function flushStore(path: string): Promise<void> {
  const file = await openFile(join(path, STORE_FILE), 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** LMDB ends the process by a signal when its first writes find no room; here that becomes words. */
function assertRoom(directory: string): void {
  const probe = join(directory, 'room');
  writeFileSync(probe, Buffer.alloc(NEW_STORE_BYTES), { flush: true });
  rmSync(probe);
}

/** Throws `JournalRefused` when it is missing, damaged or of another format. */
export function readMeta(store: Store, path: string): Meta {
  const entry = store.meta.getEntry(META_KEY);
  const meta = entry === undefined ? undefined : readRecord(recordText(entry.value), META_SLOT);
  if (!isMeta(meta)) throw damaged(path, 'its meta record is missing or changed');
  if (meta.format !== FORMAT) {
    throw new JournalRefused(
      `The journal in ${path} has format ${meta.format}, this version of Holdfast reads format ${FORMAT}. ` +
        'Start the version that wrote it, or set HOLDFAST_DATA_DIR to a new directory.',
    );
  }
  if (entry?.version !== meta.epoch) throw damaged(path, 'its meta record is missing or changed');
  return meta;
}

/**
 * Writes the block and the meta record in one transaction if the stored epoch is `epoch`, and resolves when it is
 * flushed: true when it was written, false when another start has taken the journal since and nothing was written. After
 * a rejection lmdb's memory is not to be trusted: the store is neither used nor closed.
 *
 * The block must not throw: lmdb would write what was put until then.
 */
export async function writeIfEpoch(store: Store, epoch: number, record: Buffer, next: number, block?: () => void): Promise<boolean> {
  const written = store.meta.ifVersion(META_KEY, epoch, () => {
    block?.();
    void store.meta.put(META_KEY, record, next);
  });
  start(store);
  return flushed(written);
}

/**
 * Starts what was written. lmdb would wait for the next turn of the loop, in case more is to come, and that turn may
 * read a hundred requests first; a second write that is there, and changes nothing, makes it start at once.
 */
function start({ meta }: Store): void {
  meta.ifVersion(META_KEY, 0, () => {}).catch(() => {});
}

/**
 * Rejects with the reason when a write fails. lmdb gives it by a second promise, which would end the process as
 * unhandled if nobody looked at it, and which does not always settle: it is waited for a while, as the process ends anyway.
 */
async function flushed(write: Promise<boolean>): Promise<boolean> {
  try {
    return await write;
  } catch (thrown) {
    const reason = thrown instanceof Error && 'commitError' in thrown ? Promise.resolve(thrown.commitError) : undefined;
    const cause = (await Promise.race([reason, delay(REASON_MS)]).catch((error: unknown) => error)) ?? thrown;
    throw new Error(`the write failed: ${messageOf(cause)}`, { cause: thrown });
  }
}

export function metaRecord(meta: Meta, writer: RecordWriter = new RecordWriter()): Buffer {
  return writer.write({ format: FORMAT, ...meta }, META_SLOT);
}

export function damaged(path: string, what: string): JournalRefused {
  return new JournalRefused(`The journal in ${path} is damaged: ${what}. ${WAYS_OUT}`);
}

/** The first payload id behind all those that begin with `owner/`: `0` comes after `/`. */
export function endOf(owner: string): string {
  return `${owner.slice(0, -1)}0`;
}

function isMeta(value: unknown): value is Meta & { readonly format: number } {
  return typeof value === 'object' && value !== null && 'format' in value && 'epoch' in value;
}
