// Leases: holding a lock without running anything.
//
// Owns what is printed. The id of a lease goes to standard output alone: it is a secret, and what scripts need.

import { text } from 'node:stream/consumers';
import type { LeaseInfo } from '@holdfast/client';
import type { AcquireFlags, RenewFlags } from '../commands/leases.ts';
import type { ServiceFlags } from '../context.ts';
import { showDuration } from '../durations.ts';
import { ownName } from '../owner.ts';
import { asking } from './ask.ts';

export const acquire = asking(async ({ service, output }, { ttl, wait, owner = ownName() }: AcquireFlags, name: string) => {
  const lease = await service.lock(name).acquireLease({ ttlMs: ttl, waitMs: wait, owner });
  output.give(lease, lease.id);
  if (!output.json) output.say({ event: 'acquired' }, `${name} is held ${until(lease)}. Keep it with "holdfast renew", give it back with "holdfast release".`);
});

export const renew = asking(async ({ service, output }, { ttl }: RenewFlags, id: string) => {
  const lease = await service.lease(await given(id)).renew({ ttlMs: ttl });
  output.give(lease, `held ${until(lease)}`);
});

export const release = asking(async ({ service, output }, _flags: ServiceFlags, id: string) => {
  await service.lease(await given(id)).release();
  output.give({ released: true }, 'released');
});

/** The id itself, or with `-` what standard input says: others can see the arguments of a process. */
async function given(id: string): Promise<string> {
  return id === '-' ? (await text(process.stdin)).trim() : id;
}

function until({ expiresAt, expiresInMs = 0, fencingToken }: LeaseInfo): string {
  return `until ${expiresAt}, ${showDuration(expiresInMs)} from now (fencing token ${fencingToken})`;
}
