// Time: mistakes in what counts as time, and in when something is due.

import type { PlantedBug } from './bug.ts';

export const TIME: readonly PlantedBug[] = [
  {
    name: 'expiry-by-wall-clock',
    file: 'src/engine.ts',
    before: 'this.#now += Math.min(gap, STALL_MS);',
    after: `const wall = this.#parts.clock.wall();
    const ahead = wall - this.#mono - (this.aheadBefore ?? wall - this.#mono);
    this.aheadBefore = wall - this.#mono;
    this.#now += Math.min(gap, STALL_MS) + (ahead > STALL_MS ? ahead : 0);`,
    why: 'A jump of the wall clock ends leases.',
  },
  {
    name: 'stall-counts',
    file: 'src/engine.ts',
    before: 'this.#now += Math.min(gap, STALL_MS);',
    after: 'this.#now += gap;',
    why: 'While the service stood still, leases ran out that could not be renewed.',
  },
  {
    name: 'no-floor-after-a-stall',
    file: 'src/machine.ts',
    before: 'until: current.now + STALL_MS }',
    after: 'until: current.now }',
    why: 'A renewal that waited in the socket during a stall comes too late.',
  },
  {
    name: 'no-floor-after-a-start',
    file: 'src/locks/start.ts',
    before: 'state.startedAt = step.now;',
    after: 'state.startedAt = 0;',
    why: 'A lease ends right after a start, before its client can find the service again.',
  },
  {
    name: 'floors-promised-and-not-kept',
    file: 'src/locks/endings.ts',
    before: "if (end >= step.now) step.state.deadlines.set(due, end);\n  else endAndPassOn(step, lease, 'expired');",
    after: "if (end >= 0) endAndPassOn(step, lease, 'expired');",
    why: 'An answer after a start or a stall says more than the lease then has.',
  },
  {
    name: 'clock-begins-anew',
    file: 'src/engine.ts',
    before: 'this.#now = parts.journal.opened.now;',
    after: 'this.#now = 0;',
    why: 'After a restart time goes back, and every lease lasts as long again as the service ran before.',
  },
  {
    name: 'expiry-too-late',
    file: 'src/state/state.ts',
    before: "return row.state === 'held' ? row.expiresAt : undefined;",
    after: "return row.state === 'held' && row.expiresAt !== undefined ? row.expiresAt + 2_000 : undefined;",
    why: 'A dead holder keeps its lock for seconds longer than its ttlMs.',
  },
  {
    name: 'ttl-counted-from-the-request',
    file: 'src/locks/grant.ts',
    before: 'step.now + ttlMs,\n    unclaimed',
    after: 'askedAt + ttlMs,\n    unclaimed',
    why: 'What a waiter waited is taken off the time that it holds.',
  },
];
