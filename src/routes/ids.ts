// Ids: random names for leases, batches and deliveries.
//
// Owns the drawing of bytes, many at a time, as one call of the system's generator per id would be the dearest part of
// an acquire. Does not own what an id looks like (state/id-form.ts).

import { randomFillSync } from 'node:crypto';
import { ID_CHARS } from '../state/id-form.ts';

const BITS_PER_CHAR = 6;
const ID_BYTES = (ID_CHARS * BITS_PER_CHAR) / 8;
const POOLED_IDS = 512;

const pool = Buffer.allocUnsafeSlow(ID_BYTES * POOLED_IDS);
let used = pool.length;

export function mintId(prefix: 'lse_' | 'bat_' | 'dlv_'): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += ID_BYTES;
  return prefix + pool.toString('base64url', start, used);
}
