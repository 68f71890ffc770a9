// Directory: one process owns a data directory.
//
// Owns making the directory and the claim on it. Does not own what stands in it (lmdb.ts).
//   D1. The claim is a lock that the kernel keeps for the process and drops with it, however the process ends. A file
//       with a process id, or a heartbeat, could outlive its process or miss a stopped one; this cannot.
//   D2. Leases and payloads stand in the directory: nobody but its owner may read it.

import { fsyncSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CLAIM_WAIT_MS } from '../limits.ts';
import { JournalRefused, messageOf } from './journal.ts';

const LOCK_FILE = 'holdfast.lock';
const SQLITE_BUSY = 5;

/** A database that nothing refers to is closed by the garbage collector, and its lock with it, whoever holds the claim. */
const held = new Set<DatabaseSync>();

export interface Claim {
  /** Gives the directory up, so that another process, or this one, may claim it. A second call does nothing. */
  release(): void;
}

/**
 * Makes the directory where it is missing, with mode 0700, and takes it for this process.
 *
 * Throws `JournalRefused` when it cannot be made, or another process has it.
 */
export function claimDirectory(directory: string): Claim {
  const path = resolve(directory);
  makeDirectory(path);
  const database = lock(path);
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

function makeDirectory(path: string): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) syncNames(dirname(first), path);
  } catch (error) {
    throw new JournalRefused(`The data directory ${path} cannot be made: ${messageOf(error)}.`, { cause: error });
  }
}

/** Makes the names below `top` on the way to `path` durable: a power cut must not take a directory with its journal. */
function syncNames(top: string, path: string): void {
  for (let directory = dirname(path); directory.length >= top.length; directory = dirname(directory)) {
    syncDirectory(directory);
    if (directory === dirname(directory)) return;
  }
}

/** Makes the names in a directory durable, where the system can. */
export function syncDirectory(path: string): void {
  // Windows opens no directory as a file, and writes names through by itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function lock(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite takes the lock in steps, so two that start at once can disturb each other; a short wait sorts them out.
    database = new DatabaseSync(join(path, LOCK_FILE), { timeout: CLAIM_WAIT_MS });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw refusal(path, error);
  }
}

function refusal(path: string, error: unknown): JournalRefused {
  const busy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
  const message = busy
    ? `Another Holdfast process serves ${path}; stop it or choose another HOLDFAST_DATA_DIR.`
    : `The data directory ${path} cannot be locked: ${messageOf(error)}.`;
  return new JournalRefused(message, { cause: error });
}
