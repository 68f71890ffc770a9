// Acquisition: what an acquire asks of the machine, whichever route it comes by.
//
// Owns the defaults of an acquire and the bound on its metadata. Does not own whether it may wait (leases.ts).

import { METADATA_BYTES_MAX, TTL_MS_DEFAULT } from '../limits.ts';
import type { Unnumbered } from '../engine.ts';
import type { ClientRequest, RequestKey } from '../state/inputs.ts';
import type { Json } from '../state/json.ts';
import { mintId } from './ids.ts';
import { Refused } from './refused.ts';

/** The template of the route that acquires one lock. Keys of acquires are bound to it. */
export const ACQUIRE_ROUTE = '/v1/locks/:lock/leases';

/** How a lock is to be acquired, as a body says it. */
export interface Wish {
  readonly owner?: string | undefined;
  readonly ttlMs?: number | undefined;
  readonly waitMs?: number | undefined;
  readonly metadata?: Json | undefined;
}

/** The question, with an id for the lease that nobody can guess. `at`: where in the request's body the wish stands. */
export function acquisition(lock: string, wish: Wish, ticket: boolean, key: RequestKey | undefined, at = ''): Extract<Unnumbered<ClientRequest>, { kind: 'acquire' }> {
  const { owner, ttlMs = TTL_MS_DEFAULT, waitMs = 0, metadata } = wish;
  checkMetadata(metadata, `${at}/metadata`);
  return { kind: 'acquire', lock, lease: mintId('lse_'), ticket, owner, ttlMs, waitMs, metadata, key };
}

function checkMetadata(metadata: Json | undefined, pointer: string): void {
  if (metadata === undefined) return;
  const text = JSON.stringify(metadata, (_name, value: unknown) => {
    // A number beyond what a double holds is read as infinity, and would come back as null.
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    throw new Refused('invalid_request', { pointer, detail: `The member ${pointer} holds a number that is too large to be kept.` });
  });
  if (Buffer.byteLength(text) <= METADATA_BYTES_MAX) return;
  throw new Refused('invalid_request', { pointer, detail: `The member ${pointer} must have at most ${METADATA_BYTES_MAX} bytes of JSON.` });
}
