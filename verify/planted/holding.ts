// Holding: mistakes in what a holder is told, and in who may end a hold.

import type { PlantedBug } from './bug.ts';

export const HOLDING: readonly PlantedBug[] = [
  {
    name: 'renewal-of-an-ended-lease',
    file: 'src/locks/renew.ts',
    before: "if (lease.state !== 'held') return refuse(step, input.request, leaseLost(lease));",
    after: `if (lease.state !== 'held' && lease.state !== 'expired') return refuse(step, input.request, leaseLost(lease));
  if (lease.state === 'expired') {
    const endsAt = step.now + (input.ttlMs ?? lease.ttlMs);
    return answer(step, input.request, { kind: 'lease', view: { lease: { ...lease, state: 'held', expiresAt: endsAt }, endsAt } });
  }`,
    why: 'The renewal of a lease that has expired is answered with 200, whoever holds the lock by now.',
  },
  {
    name: 'renewal-not-stored',
    file: 'src/locks/renew.ts',
    before: '  putLease(step.state, renewed);\n',
    after: '',
    why: 'A renewal is answered, and the lease ends when it would have ended without.',
  },
  {
    name: 'stale-release-ends-the-present-holder',
    file: 'src/locks/endings.ts',
    before: "if (lease.state === 'waiting' || lease.state === 'held') endAndPassOn(step, lease, 'released');",
    after: `const present = findLease(step.state, step.state.leaseIndex.lines.get(lease.lock)?.holder ?? '');
  const ends = lease.state === 'waiting' || lease.state === 'held' ? lease : present;
  if (ends?.state === 'waiting' || ends?.state === 'held') endAndPassOn(step, ends, 'released');`,
    why: 'A second release, after the lock has passed on, takes it from the next holder.',
  },
  {
    name: 'stale-revoke-honoured',
    file: 'src/locks/inspect.ts',
    before: 'input.fencingToken !== lease.fencingToken',
    after: 'input.fencingToken > lease.fencingToken',
    why: 'A revoke that names an old grant takes the lock from the present one.',
  },
  {
    name: 'ended-lease-not-kept',
    file: 'src/locks/leases.ts',
    before: "return lease.claimant.by === 'ticket' || (lease.state === 'held' && end !== 'abandoned');",
    after: "return lease.claimant.by === 'ticket';",
    why: 'Who lost a lease is told 404 instead of how it was lost, and a second release is an error.',
  },
  {
    name: 'held-after-its-end',
    file: 'src/routes/lease-view.ts',
    before: "return lease.state === 'held' && endsAt !== undefined && endsAt <= reading.now;",
    after: 'return false;',
    why: 'After a slow commit an answer calls a lease held that is over.',
  },
];
