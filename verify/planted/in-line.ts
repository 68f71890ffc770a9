// In line: mistakes in who gets a lock, in what order, and who is told.

import type { PlantedBug } from './bug.ts';

export const IN_LINE: readonly PlantedBug[] = [
  {
    name: 'expiry-wakes-nobody',
    file: 'src/locks/endings.ts',
    before: 'else passOn(step, lease.lock);',
    after: "else if (end !== 'expired') passOn(step, lease.lock);",
    why: 'A lease expires and the lock stays free, though somebody waits for it.',
  },
  {
    name: 'newest-waiter-first',
    file: 'src/locks/grant.ts',
    before: 'line?.queue?.first()',
    after: '[...(line?.queue ?? [])].at(-1)',
    why: 'Who came last is served first.',
  },
  {
    name: 'line-loaded-backwards',
    file: 'src/state/load.ts',
    before: "row.state === 'waiting') return row.order;",
    after: "row.state === 'waiting') return -row.order;",
    why: 'A restart turns the line round.',
  },
  {
    name: 'second-listener-replaces-the-first',
    file: 'src/state/indexes.ts',
    before: '[...known, row.request]',
    after: '[row.request]',
    why: 'A retry listens to the place of the first request, which is then never answered.',
  },
  {
    name: 'time-out-answers-nobody',
    file: 'src/locks/endings.ts',
    before: "    refuse(step, request, { code: 'wait_timed_out'",
    after: "    if (request > 0) continue;\n    refuse(step, request, { code: 'wait_timed_out'",
    why: 'A wait ends and the request that waited is left without an answer.',
  },
  {
    name: 'wait-without-an-end',
    file: 'src/locks/acquire.ts',
    before: 'waitingRow(step, input, waiterOf(input), step.now + input.waitMs)',
    after: 'waitingRow(step, input, waiterOf(input))',
    why: 'An acquire waits on after its waitMs.',
  },
  {
    name: 'hang-up-not-heard',
    file: 'src/locks/listeners.ts',
    before: "if (listener.on.kind !== 'batch') leaveLease(step, listener.on.lease);",
    after: '',
    why: 'A place whose connection closed keeps its turn, and the lock goes to nobody.',
  },
  {
    name: 'keyed-place-lost-at-once',
    file: 'src/locks/listeners.ts',
    before: 'claimant.key !== undefined ? step.now + REATTACH_MS : undefined',
    after: 'claimant.key !== undefined ? undefined : undefined',
    why: 'A client with a key loses its place with its connection, and its retry stands at the end of the line.',
  },
  {
    name: 'uncarried-grant-kept',
    file: 'src/locks/listeners.ts',
    before: "if (lease?.state === 'held') abandon(step, lease);",
    after: "if (lease?.state === 'waiting') abandon(step, lease);",
    why: 'A grant that met a closed connection holds the lock for its whole ttlMs.',
  },
  {
    name: 'unclaimed-grant-kept',
    file: 'src/locks/grant.ts',
    before: 'abandonAt: claimEnd(step, lease)',
    after: 'abandonAt: undefined',
    why: "A ticket's grant that no answer has carried is kept for its whole ttlMs.",
  },
  {
    name: 'claim-not-stored',
    file: 'src/locks/listeners.ts',
    before: '  putLease(step.state, claimed);\n',
    after: '',
    why: "A restart takes a ticket's grant, which an answer has carried, for one that nobody has.",
  },
  {
    name: 'followers-not-told',
    file: 'src/locks/endings.ts',
    before: "if (lease.state === 'waiting') tellFollowers(",
    after: "if (lease.state === 'waiting') return;\n  if (lease.state === 'held' && end === 'abandoned') tellFollowers(",
    why: 'Who follows a ticket that leaves is not told, and waits for nothing.',
  },
];
