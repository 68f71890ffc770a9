// Lock view: what the machine says about locks, in the words of the interface.

import type { Reading } from '../engine.ts';
import type { HolderView, LockView, WaiterView } from '../state/replies.ts';
import type { HolderBody, LockBody, WaiterBody } from './lock-schemas.ts';

/** Wall time in RFC 3339. */
export function instantOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** The wall time of a moment that is `endsAt` in `now`. */
export function wallOf(endsAt: number, reading: Reading): string {
  return instantOf(reading.wall + endsAt - reading.now);
}

export function holdersOf({ holder }: LockView, reading: Reading): readonly HolderBody[] {
  return holder === undefined ? [] : [holderBody(holder, reading)];
}

function holderBody({ lease, endsAt }: HolderView, reading: Reading): HolderBody {
  const { owner, fencingToken, grantedAt, metadata } = lease;
  return {
    owner,
    fencingToken,
    grantedAt: instantOf(grantedAt),
    expiresAt: endsAt === undefined ? undefined : wallOf(endsAt, reading),
    metadata,
  };
}

export function lockBody(lock: LockView, reading: Reading): LockBody {
  const { declared } = lock;
  return {
    name: lock.name,
    kind: 'mutex',
    description: declared?.description ?? '',
    labels: declared?.labels ?? {},
    declared: declared !== undefined,
    state: lock.holder === undefined ? 'unlocked' : 'locked',
    holders: [...holdersOf(lock, reading)],
    waiters: lock.waiters,
    createdAt: declared === undefined ? undefined : instantOf(declared.createdAt),
  };
}

export function waiterBody({ position, lease }: WaiterView, reading: Reading): WaiterBody {
  const { owner, metadata, askedAt } = lease;
  return { position, owner, waitedMs: Math.floor(reading.now - askedAt), metadata };
}
