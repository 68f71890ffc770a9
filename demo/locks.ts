// Locks: two clients take turns.

import { setTimeout as delay } from 'node:timers/promises';
import { metric, type Answer, type Holdfast, type Lease, type Lock, type Problem } from './holdfast.ts';
import { exchange, hold, NotAsTold, say, section } from './page.ts';

/** The lock of the whole demo. It is declared, so that metrics name it. */
export const LOCK = 'tutorial';
export const WAITERS = `holdfast_lock_waiters{lock="${LOCK}"}`;

const LEASES = `/v1/locks/${LOCK}/leases`;

export async function playLocks(holdfast: Holdfast): Promise<void> {
  section('1. Two clients take turns');
  say('A lock is a name. Who acquires it gets a lease: the lock is theirs until they release it, or until the lease runs out because they fell silent. Others wait in line, first come, first served.');
  const { status } = await holdfast.ask('PUT', `/v1/locks/${LOCK}`, { description: 'the critical section of the tutorial' });
  hold(status === 200 || status === 201, 'a lock can be declared');

  const first = await holdfast.must<Lease>(201, 'POST', LEASES, { owner: 'Ana', ttlMs: 30_000 });
  exchange('Ana', `POST ${LEASES}`, 201, `held for 30 s, fencing token ${first.fencingToken}`);
  const refused = await holdfast.must<Problem>(423, 'POST', LEASES, { owner: 'Ben' });
  exchange('Ben', `POST ${LEASES}`, 423, `${refused.code}: ${refused.holders?.[0]?.owner} holds it`);

  const waiting = holdfast.ask<Lease>('POST', LEASES, { owner: 'Ben', waitMs: 20_000 });
  exchange('Ben', `POST ${LEASES} {"waitMs": 20000}`, '', 'waits in line');
  await lineHas(holdfast, 1);
  exchange('', 'GET /metrics', 200, `${WAITERS} ${metric(await holdfast.metrics(), WAITERS)}`);
  const renewed = await holdfast.must<Lease>(200, 'POST', `/v1/leases/${first.id}/renew`);
  exchange('Ana', 'POST /v1/leases/lse_…/renew', 200, `${Math.round(renewed.expiresInMs / 1_000)} s again`);
  await handOver(holdfast, first, waiting);
}

/** Leaves a service that was found as it was. */
export async function removeLock(holdfast: Holdfast): Promise<void> {
  await holdfast.must(204, 'DELETE', `/v1/locks/${LOCK}`);
}

async function handOver(holdfast: Holdfast, first: Lease, waiting: Promise<Answer<Lease>>): Promise<void> {
  await holdfast.must(204, 'DELETE', `/v1/leases/${first.id}`);
  exchange('Ana', 'DELETE /v1/leases/lse_…', 204, 'released');
  const { status, body: second } = await waiting;
  hold(status === 201, 'a released lock goes to who is next in line');
  exchange('Ben', '… the answer to the waiting request', status, `held, fencing token ${second.fencingToken}`);
  hold(second.fencingToken > first.fencingToken, 'fencing tokens rise with every grant');
  const lost = await holdfast.must<Problem>(410, 'POST', `/v1/leases/${first.id}/renew`);
  exchange('Ana', 'POST /v1/leases/lse_…/renew', 410, `${lost.code}: ${lost.reason}`);
  await holdfast.must(204, 'DELETE', `/v1/leases/${second.id}`);
  exchange('Ben', 'DELETE /v1/leases/lse_…', 204, 'released');
  say('The fencing token rises with every grant. Hand it to what the lock protects, and let that refuse a smaller one than it has seen: then a holder that slept through the end of its lease does no harm.');
}

/** Goes on when that many wait for the lock. */
async function lineHas(holdfast: Holdfast, waiters: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const lock = await holdfast.must<Lock>(200, 'GET', `/v1/locks/${LOCK}`);
    if (lock.waiters === waiters) return;
    await delay(20);
  }
  throw new NotAsTold(`${waiters} waits for the lock`);
}
