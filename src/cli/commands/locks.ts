// Locks: the commands that look at locks, as the parser knows them.

import { buildCommand } from '@stricli/core';
import type { Context, ServiceFlags } from '../context.ts';
import { integerFrom, LOCK, SERVICE } from '../parameters.ts';

export interface LocksFlags extends ServiceFlags {
  readonly prefix?: string;
  readonly state?: 'locked' | 'unlocked';
}

export const locks = buildCommand<LocksFlags, [], Context>({
  loader: async () => (await import('../asking/locks.ts')).locks,
  parameters: {
    flags: {
      prefix: { kind: 'parsed', parse: String, optional: true, placeholder: 'TEXT', brief: 'Only those whose names begin so' },
      state: { kind: 'enum', values: ['locked', 'unlocked'], optional: true, brief: 'Only those in this state' },
      ...SERVICE,
    },
  },
  docs: {
    brief: 'List the locks that are held, waited for or declared',
    fullDescription: `List the locks that are held, waited for or declared.

  holdfast locks --prefix deploy/ --state locked`,
  },
});

export const show = buildCommand<ServiceFlags, [lock: string], Context>({
  loader: async () => (await import('../asking/locks.ts')).show,
  parameters: { flags: SERVICE, positional: { kind: 'tuple', parameters: [LOCK] } },
  docs: { brief: 'Show who has a lock, and who waits for it' },
});

export interface RevokeFlags extends ServiceFlags {
  readonly fencingToken?: number;
  readonly reason?: string;
}

export const revoke = buildCommand<RevokeFlags, [lock: string], Context>({
  loader: async () => (await import('../asking/locks.ts')).revoke,
  parameters: {
    flags: {
      fencingToken: { kind: 'parsed', parse: integerFrom(0, Number.MAX_SAFE_INTEGER), optional: true, placeholder: 'N', brief: 'Take it only from the grant with this token' },
      reason: { kind: 'parsed', parse: String, optional: true, placeholder: 'TEXT', brief: 'Why, for the log of the service' },
      ...SERVICE,
    },
    positional: { kind: 'tuple', parameters: [LOCK] },
  },
  docs: {
    brief: 'Take a lock from who has it',
    fullDescription: `Take a lock from who has it. The next in line has it at once; the holder learns of it with its next renewal.

  holdfast revoke deploy/prod --fencing-token 33 --reason "the machine is gone"`,
  },
});
