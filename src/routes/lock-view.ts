// Lock view: what the machine says about locks, in the words of the interface.

import type { Reading } from '../engine.ts';
import type { HolderView, LockView, WaiterView } from '../state/replies.ts';
import type { HolderBody, LockBody, WaiterBody } from './lock-schemas.ts';

/** The latest seconds as text, each in the place that its number gives it: answers come many in a second. */
const seconds: { readonly at: number; readonly text: string }[] = [];
const SECONDS_KEPT = 64;

/** Wall time in RFC 3339. */
export function instantOf(wallMs: number): string {
  const at = Math.floor(wallMs / 1_000);
  const place = at % SECONDS_KEPT;
  let second = seconds[place];
  if (second?.at !== at) seconds[place] = second = { at, text: new Date(at * 1_000).toISOString().slice(0, 20) };
  return `${second.text}${String(Math.floor(wallMs) % 1_000).padStart(3, '0')}Z`;
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
