// Keys: mistakes in what a retry is answered.

import type { PlantedBug } from './bug.ts';

export const KEYS: readonly PlantedBug[] = [
  {
    name: 'keys-forgotten-at-the-start',
    file: 'src/state/load.ts',
    before: 'keys.push({ row: row as KeyRow, place })',
    after: 'break',
    why: 'A retry across a restart gets a second grant, or a second run.',
  },
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
    name: 'another-body-accepted',
    file: 'src/state/keys.ts',
    before: "return row.fingerprint === key.fingerprint ? row.names : 'reused';",
    after: 'return row.names;',
    why: 'A key that comes with another body is answered as if it were the first.',
  },
  {
    name: 'live-key-forgotten',
    file: 'src/state/keys.ts',
    before: 'step.state.keys.put({ id: key.id, fingerprint: key.fingerprint, names });',
    after: 'step.state.keys.put({ id: key.id, fingerprint: key.fingerprint, names, keepUntil: step.now + 10_000 });',
    why: 'The key of a lease or a batch that lives is dropped with the old ones.',
  },
  {
    name: 'ended-batch-run-again',
    file: 'src/batches/submit.ts',
    before: 'if (named !== undefined) return answerAgain(step, input, named.id);',
    after: 'if (named !== undefined && state.batches.get(named.id)?.endedAt === undefined) return answerAgain(step, input, named.id);',
    why: 'A retry that comes after the end of its batch runs it a second time.',
  },
  {
    name: 'refused-key-not-freed',
    file: 'src/locks/leases.ts',
    before: "if (end === 'abandoned' || refused) forgetKey(step, lease.claimant.key);",
    after: "if (end === 'abandoned') forgetKey(step, lease.claimant.key);",
    why: 'A retry after wait_timed_out is told that its lease is lost, though it never had one.',
  },
  {
    name: 'grant-at-once-without-its-key',
    file: 'src/locks/acquire.ts',
    before: "  nameByKey(step, input.key, { kind: 'lease', id: input.lease });\n  grant(step, asked);",
    after: '  grant(step, asked);',
    why: 'A retry of a request that was granted at once finds the lock held, by itself.',
  },
];
