// Tasks: mistakes in the locks of code that runs on a worker.

import type { PlantedBug } from './bug.ts';

export const TASKS: readonly PlantedBug[] = [
  {
    name: 'lock-outlives-its-task',
    file: 'src/locks/tasks.ts',
    before: "if (lease?.state === 'held') endAndPassOn(step, lease, 'released');",
    after: "if (lease?.state === 'held' && lease.claimant.by !== 'task') endAndPassOn(step, lease, 'released');",
    why: 'What a task forgot to release is held for ever.',
  },
  {
    name: 'lock-outlives-its-thread',
    file: 'src/machine.ts',
    before: 'return endOfScope(current, input.worker, () => workerEnded(current, input));',
    after: '{ workerEnded(current, input); return dispatch(current); }',
    why: 'What a thread held that was lost is held for ever.',
  },
  {
    name: 'task-releases-the-lock-of-another',
    file: 'src/locks/tasks.ts',
    before: "const isIts = lease?.claimant.by === 'task' && lease.claimant.worker === input.worker && lease.fencingToken === input.fencingToken;",
    after: 'const isIts = lease !== undefined;',
    why: 'A task that releases what was revoked takes the lock from its next holder.',
  },
  {
    name: 'task-not-shown-as-holder',
    file: 'src/locks/views.ts',
    before: 'holder: lease && { lease, endsAt: endsAt(state, lease) },',
    after: "holder: lease?.claimant.by === 'task' ? undefined : lease && { lease, endsAt: endsAt(state, lease) },",
    why: 'Who asks about a lock is told that it is free while a task works under it.',
  },
  {
    name: 'place-outlives-its-task',
    file: 'src/locks/tasks.ts',
    before: "if (lease?.state === 'waiting') endLease(step, lease, 'abandoned');",
    after: "if (lease?.state === 'expired') endLease(step, lease, 'abandoned');",
    why: 'A task that has ended is granted the lock that it waited for.',
  },
];
