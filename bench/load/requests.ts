// Requests: prebuilt bytes of the requests that loads send, and where a lease's id stands in an answer.

import type { Answer } from './wire.ts';

/** `lse_` and 24 characters, as every answer here has it. */
export const LEASE_ID_CHARS = 28;
const ID = Buffer.from('"id":"');
const TOKEN = Buffer.from('"fencingToken":');

export function post(address: URL, path: string, body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${address.host}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
}

export function get(address: URL, path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${address.host}\r\n\r\n`);
}

export interface AcquireOptions {
  readonly ttlMs?: number;
  readonly waitMs?: number;
}

export function acquire(address: URL, lock: string, { ttlMs = 30_000, waitMs }: AcquireOptions = {}): Buffer {
  return post(address, `/v1/locks/${lock}/leases`, { owner: 'bench', ttlMs, ...(waitMs === undefined ? {} : { waitMs }) });
}

/** A release whose lease id is put in when it is known: one copy of 28 bytes, and no text is built. */
export class Release {
  readonly bytes: Buffer;
  readonly #at: number;

  constructor(address: URL) {
    const path = 'DELETE /v1/leases/';
    this.#at = path.length;
    this.bytes = Buffer.from(`${path}${'-'.repeat(LEASE_ID_CHARS)} HTTP/1.1\r\nHost: ${address.host}\r\n\r\n`);
  }

  /** The request that releases the lease of an answer. What was written before has left when an answer to it came. */
  of({ bytes, body }: Answer): Buffer {
    const id = bytes.indexOf(ID, body) + ID.length;
    bytes.copy(this.bytes, this.#at, id, id + LEASE_ID_CHARS);
    return this.bytes;
  }
}

export function fencingToken({ bytes, body }: Answer): number {
  return Number.parseInt(bytes.toString('latin1', bytes.indexOf(TOKEN, body) + TOKEN.length, bytes.indexOf(TOKEN, body) + TOKEN.length + 16), 10);
}
