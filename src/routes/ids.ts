// Ids: random names for leases, batches and deliveries.
//
// Owns their form: a prefix and 24 characters for 144 random bits. Bytes are drawn many at a time, as one call of the
// system's generator per id would be the dearest part of an acquire.

import { randomFillSync } from 'node:crypto';

const ID_BYTES = 18;
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
