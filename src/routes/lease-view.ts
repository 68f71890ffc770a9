// Lease view: a lease in the words of the interface, at the moment of writing.
//
//   V1. `expiresInMs`, `expiresAt` and `elapsedMs` of one answer come from one reading of the clock.

import type { Reading } from '../engine.ts';
import type { LeaseView } from '../state/replies.ts';
import type { LeaseRow } from '../state/rows.ts';
import type { LeaseBody } from './lease-schemas.ts';
import { instantOf, wallOf } from './lock-view.ts';

/** A lease asks to be renewed when a third of its time has gone: two tries may fail. */
const RENEWALS_PER_TTL = 3;

/** Whether a lease that its row calls held has ended by now: no answer may call it held. */
export function isOver({ lease, endsAt }: LeaseView, reading: Reading): boolean {
  return lease.state === 'held' && endsAt !== undefined && endsAt <= reading.now;
}

/** `arrivedAt`: when the request came, in monotonic time. (V1) */
export function leaseBody(view: LeaseView, reading: Reading, arrivedAt: number): LeaseBody {
  const { lease } = view;
  const endsAt = lease.state === 'held' ? view.endsAt : undefined;
  return {
    id: lease.id,
    state: lease.state,
    locks: [{ name: lease.lock, mode: 'exclusive', permits: 1 }],
    owner: lease.owner,
    fencingToken: lease.state === 'waiting' ? undefined : lease.fencingToken,
    ttlMs: lease.ttlMs,
    grantedAt: lease.state === 'waiting' || lease.grantedAt === undefined ? undefined : instantOf(lease.grantedAt),
    expiresAt: endsAt === undefined ? undefined : wallOf(endsAt, reading),
    expiresInMs: endsAt === undefined ? undefined : Math.floor(endsAt - reading.now),
    elapsedMs: Math.max(0, Math.floor(reading.mono - arrivedAt)),
    renewAfterMs: lease.state === 'held' ? Math.floor(lease.ttlMs / RENEWALS_PER_TTL) : undefined,
    waitedMs: waitedMs(lease, reading),
    position: view.position,
    metadata: lease.metadata,
  };
}

function waitedMs(lease: LeaseRow, reading: Reading): number {
  return Math.floor(lease.state === 'waiting' ? reading.now - lease.askedAt : lease.waitedMs);
}
