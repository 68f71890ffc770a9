// Records: what stands in the file for one row, and for the meta row.
//
// Owns the form of a record: JSON text and behind it the CRC-32 of its slot and that text, four bytes, little endian.
// Does not own which records must be there (ledger.ts) or the file (lmdb.ts).
//   R1. The text holds the names of table and row, and the checksum covers the slot: a record that was copied to
//       another place, or under another name, is found.

import { crc32 } from 'node:zlib';

const CHECKSUM_BYTES = 4;
const ARENA_BYTES = 1024 * 1024;
/** UTF-8 takes at most this many bytes for one UTF-16 code unit. */
const BYTES_PER_CHAR_MAX = 3;

/**
 * Encodes the records of one commit behind one another in memory that is used anew by the next commit: a buffer for
 * each row would cost more than the row. What does not fit gets memory of its own, so that one large commit does not
 * stay in memory for good.
 */
export class RecordWriter {
  readonly #arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  #space = this.#arena;
  #end = 0;

  /** Begins a commit. The records of the one before must no longer be needed. */
  begin(): void {
    this.#space = this.#arena;
    this.#end = 0;
  }

  /** The bytes are valid until the next `begin`. Throws when the value has no JSON. */
  write(value: object, slot: number): Buffer {
    const text = JSON.stringify(value);
    const bytesMax = text.length * BYTES_PER_CHAR_MAX + CHECKSUM_BYTES;
    if (this.#end + bytesMax > this.#space.length) {
      this.#space = Buffer.allocUnsafeSlow(Math.max(bytesMax, ARENA_BYTES));
      this.#end = 0;
    }
    const start = this.#end;
    const textEnd = start + this.#space.write(text, start);
    this.#space.writeInt32LE(crc32(text, seed(slot)) | 0, textEnd);
    this.#end = textEnd + CHECKSUM_BYTES;
    return this.#space.subarray(start, this.#end);
  }
}

/** A record as it stands in the file, before anybody compared the two. */
export interface RecordText {
  readonly text: string;
  readonly checksum: number;
}

/** The checksum that a record carries, as a signed 32-bit number; it is not compared with the text. */
export function checksumOf(record: Buffer, bytes = record.length): number {
  return record.readInt32LE(bytes - CHECKSUM_BYTES);
}

/** An empty text is no record. */
const NO_RECORD: RecordText = { text: '', checksum: 0 };

/** The first `bytes` of a buffer as a record. Nothing of the buffer is kept. */
export function recordText(record: Buffer, bytes = record.length): RecordText {
  return bytes <= CHECKSUM_BYTES ? NO_RECORD : { text: record.toString('utf8', 0, bytes - CHECKSUM_BYTES), checksum: checksumOf(record, bytes) };
}

/** The value of the record in a slot, or `undefined` when it is not what was written there. */
export function readRecord({ text, checksum }: RecordText, slot: number): unknown {
  return text !== '' && (crc32(text, seed(slot)) | 0) === checksum ? JSON.parse(text) : undefined;
}

/** A CRC-32 can go on from a number of 32 bits, so the slot takes part in it without being text. */
function seed(slot: number): number {
  return slot % 2 ** 32;
}
