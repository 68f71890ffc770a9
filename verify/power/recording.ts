// Recording: what disk.c noted, as a list.
//
// Owns the form of an entry and joining the recordings of processes that ran one after another on the same files.
//   R1. `at` is an entry's place in all of them together; a later entry has a greater one.
//   R2. An entry that is cut short at the end of a recording was noted by a process that was killed before it made the
//       change: it is left out.

import { readFileSync } from 'node:fs';

const HEAD_BYTES = 24;
const KINDS = ['write', 'flush', 'flushWrite', 'truncate', 'create', 'makeDirectory', 'rename', 'remove', 'mark', 'answer'] as const;

export interface Entry {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  /** Absolute; empty for a mark or an answer. */
  readonly path: string;
  /** Where a write begins; a new length; what a flush covers (the entries before this place); the far IPv4 address of an answer. */
  readonly number: number;
  /** What was written; the new path of a rename. */
  readonly data: Buffer;
}

export function readRecordings(paths: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  let base = 0;
  for (const path of paths) {
    const bytes = readFileSync(path);
    let place = 0;
    for (let entry = entryAt(bytes, place, base); entry !== undefined; entry = entryAt(bytes, place, base)) {
      entries.push(entry);
      place += HEAD_BYTES + Buffer.byteLength(entry.path) + entry.data.length;
    }
    base += bytes.length;
  }
  return entries;
}

function entryAt(bytes: Buffer, place: number, base: number): Entry | undefined {
  if (place + HEAD_BYTES > bytes.length) return undefined;
  const kind = KINDS[bytes.readUInt32LE(place) - 1];
  if (kind === undefined) throw new Error(`a recording of ${bytes.length} bytes is damaged at ${place}`);
  const pathEnd = place + HEAD_BYTES + bytes.readUInt32LE(place + 4);
  const end = pathEnd + Number(bytes.readBigUInt64LE(place + 16));
  if (end > bytes.length) return undefined;
  const number = Number(bytes.readBigUInt64LE(place + 8));
  return {
    kind,
    at: base + place,
    path: bytes.toString('utf8', place + HEAD_BYTES, pathEnd),
    number: kind === 'flush' || kind === 'flushWrite' ? base + number : number,
    data: bytes.subarray(pathEnd, end),
  };
}
