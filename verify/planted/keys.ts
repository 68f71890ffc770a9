// Keys: mistakes in what a retry is answered.

import type { PlantedBug } from './bug.ts';

export const KEYS: readonly PlantedBug[] = [
  {
    name: 'recorded-answer',
    file: 'src/locks/acquire.ts',
    before: "if (lease.state !== 'waiting') return refuse(step, request, leaseLost(lease));",
    after: `if (lease.state !== 'waiting') {
    const recorded = { ...lease, state: 'held', expiresAt: step.now + lease.ttlMs };
    return answer(step, request, { kind: 'lease', view: { lease: recorded, endsAt: recorded.expiresAt } });
  }`,
    why: 'A retry is told that it holds a lease which ended long ago.',
  },
  {
    name: 'key-forgotten-after-a-restart',
    file: 'src/state/load.ts',
    before: "case 'keys': keys.push({ row: row as KeyRow, place: stored }); break;",
    after: "case 'keys': break;",
    why: 'A retry that comes after a restart is a new request: it waits behind its own lease, or runs its batch a second time.',
  },
  {
    name: 'key-with-another-body',
    file: 'src/state/keys.ts',
    before: "return row.fingerprint === key.fingerprint ? row.names : 'reused';",
    after: 'return row.names;',
    why: 'A key that is used again for something else gives what it gave before.',
  },
  {
    name: 'ended-batch-run-again',
    file: 'src/batches/submit.ts',
    before: 'if (named !== undefined) return answerAgain(step, input, named.id);',
    after: 'if (named !== undefined && state.batches.get(named.id)?.endedAt === undefined) return answerAgain(step, input, named.id);',
    why: 'A retry that comes after the end of its batch runs it a second time.',
  },
];
