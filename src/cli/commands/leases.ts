// Leases: the commands that hold a lock without running anything, as the parser knows them.

import { buildCommand } from '@stricli/core';
import type { Context, ServiceFlags } from '../context.ts';
import { LEASE, LOCK, OWNER, SERVICE, TTL, WAIT } from '../parameters.ts';

export interface RenewFlags extends ServiceFlags {
  readonly ttl?: number;
}

export interface AcquireFlags extends RenewFlags {
  readonly wait: number;
  readonly owner?: string;
}

export const acquire = buildCommand<AcquireFlags, [lock: string], Context>({
  loader: async () => (await import('../asking/leases.ts')).acquire,
  parameters: { flags: { ttl: TTL, wait: WAIT, owner: OWNER, ...SERVICE }, positional: { kind: 'tuple', parameters: [LOCK] } },
  docs: {
    brief: 'Take a lock, and print the id of the lease',
    fullDescription: `Take a lock, and print the id of the lease. Nobody renews it: it ends after its time unless you do, or release it.
The id is a secret: who knows it may renew and release. Better where it can be used: holdfast run.

  LEASE=$(holdfast acquire deploy/prod --ttl 10m)
  holdfast release "$LEASE"`,
  },
});

export const renew = buildCommand<RenewFlags, [lease: string], Context>({
  loader: async () => (await import('../asking/leases.ts')).renew,
  parameters: { flags: { ttl: TTL, ...SERVICE }, positional: { kind: 'tuple', parameters: [LEASE] } },
  docs: { brief: 'Let a lease last longer, counted from now' },
});

export const release = buildCommand<ServiceFlags, [lease: string], Context>({
  loader: async () => (await import('../asking/leases.ts')).release,
  parameters: { flags: SERVICE, positional: { kind: 'tuple', parameters: [LEASE] } },
  docs: { brief: 'Give a lock back' },
});
