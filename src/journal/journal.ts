// Journal: the port through which state becomes durable.
//
// Owns the promise, not the means; drivers (lmdb.ts, memory.ts) own those. One process owns a journal at a time.
//   J1. `commit` resolves when the whole commit is flushed: after a power cut all of it is there, or none. With the
//       durability `os` it resolves when the operating system has it: the same holds after the process was killed.
//   J2. One commit is in flight at a time; the engine sees to that, a driver may throw on a second.
//   J3. A commit that rejects has an unknown outcome. The caller stops the process; it never tries again.
//   J4. Every row carries a checksum, and the meta row carries the number of rows and an order-free sum of their
//       checksums. A row that was changed, lost or added behind our back is found when the journal is opened.
//   J5. Payloads are bytes beside the rows: written in the same commit, read when needed, checked at each reading.

import type { StoredRow } from '../state/load.ts';
import type { PayloadRef } from '../state/payloads.ts';
import type { ChangeSet } from '../state/changes.ts';

/** What a commit is when it is acknowledged: on the disk, or with the operating system. */
export type Durability = 'flush' | 'os';

export interface Commit extends ChangeSet {
  /** Milliseconds that the service has run: where time goes on after a restart. */
  readonly now: number;
}

/** What was found when the journal was opened. */
export interface Opened {
  /** The last committed `now`; 0 in a new journal. */
  readonly now: number;
  /** Rises by one at each opening and fences the commits of this one. */
  readonly epoch: number;
  /** Every row, in no particular order. Consumed once, at the start. */
  readonly rows: Iterable<StoredRow>;
  /** The owners of all payloads, so that those of rows that are gone can be dropped. */
  readonly payloadOwners: ReadonlySet<string>;
}

export interface Journal {
  readonly opened: Opened;
  /** Rejects when the commit failed, and from then on always (J3). */
  commit(commit: Commit): Promise<void>;
  /** The bytes of a committed payload. Throws `PayloadDamaged` when they are missing or do not match the reference. */
  readPayload(ref: PayloadRef): Uint8Array;
  /** Waits for the commit in flight, flushes what is not flushed yet, and releases the files. */
  close(): Promise<void>;
}

/** The bytes behind a reference are missing or changed. They are never served and never run. */
export class PayloadDamaged extends Error {
  override readonly name = 'PayloadDamaged';
}

/** The journal cannot be opened: changed, cut short, of another version, or another process owns it. Refuse to start. */
export class JournalRefused extends Error {
  override readonly name = 'JournalRefused';
}

/** What went wrong, in words, for the message of an error that is made of it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
