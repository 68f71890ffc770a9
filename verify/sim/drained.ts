// Drained: what must be left when the faults are over and every client has finished: nothing that waits, runs or is owed.

import { findLease } from '../../src/locks/leases.ts';
import { brokenInvariants } from '../../src/state/invariants.ts';
import type { World } from './world.ts';

export function checkDrained({ process, clients, judge: { complain } }: World): void {
  const { state } = process!;
  for (const client of clients) if (client.isWaiting) complain('everything drains', `client ${client.number} has not been answered`);
  for (const { lease } of state.attendance.values()) complain('everything drains', `${lease}, ${findLease(state, lease)?.state}, is unattended or was not carried`);
  for (const { request } of state.listeners.values()) complain('everything drains', `request ${request} still listens`);
  for (const lock of state.leaseIndex.lines.keys()) complain('everything drains', `lock ${lock} is held or waited for`);
  for (const { id, state: how, endedAt } of state.batches.values()) if (endedAt === undefined) complain('everything drains', `${id} is still ${how}`);
  for (const chunk of state.chunks.values()) complain('everything drains', `chunk ${chunk.id} is still ${chunk.state}`);
  for (const { id, state: how } of state.deliveries.values()) if (how === 'pending') complain('everything drains', `${id} is still owed`);
  for (const { worker, state: how } of state.workers.values()) if (how !== 'idle') complain('everything drains', `worker ${worker} is ${how}`);
  for (const broken of brokenInvariants(state)) complain('the state holds together', broken);
}

/** After a day of rest. */
export function checkForgotten({ process, store, judge: { complain } }: World): void {
  const { leases, keys, batches, outcomes, deliveries, chunks, failures, deadlines } = process!.state;
  const tables = { leases, keys, batches, outcomes, deliveries, chunks, failures };
  for (const [name, { size }] of Object.entries(tables)) if (size > 0) complain('what has ended is forgotten', `${size} rows of ${name} are left after a day`);
  if (deadlines.size > 0) complain('what has ended is forgotten', `${deadlines.size} deadlines are left after a day`);
  if (store.payloads.size > 0) complain('what has ended is forgotten', `payloads of ${store.payloads.size} owners are left after a day`);
}
