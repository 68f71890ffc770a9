// Lease calls: what can be asked of one lease by its id.
//
// Owns these requests, each sent once. Does not own when (held-lease.ts) or trying again (retry.ts).

import type { LeaseInfo } from './contract.ts';
import type { Answer, Transport } from './transport.ts';

export function getLease(transport: Transport, id: string, waitMs: number | undefined, signal?: AbortSignal): Promise<Answer<LeaseInfo>> {
  return transport.send({ method: 'GET', path: leasePath(id), query: { waitMs }, ...(waitMs === undefined ? {} : { waitMs }) }, signal);
}

/** `patienceMs`: how much longer than usual the answer may take. */
export function renewLease(transport: Transport, id: string, ttlMs: number | undefined, patienceMs = 0, signal?: AbortSignal): Promise<Answer<LeaseInfo>> {
  const body = ttlMs === undefined ? {} : { ttlMs };
  return transport.send({ method: 'POST', path: `${leasePath(id)}/renew`, body, waitMs: patienceMs }, signal);
}

export async function releaseLease(transport: Transport, id: string, signal?: AbortSignal): Promise<void> {
  await transport.send({ method: 'DELETE', path: leasePath(id) }, signal);
}

function leasePath(id: string): string {
  return `/v1/leases/${encodeURIComponent(id)}`;
}
