// Hands: mistakes in what threads are told ahead.

import type { PlantedBug } from './bug.ts';

export const HANDS: readonly PlantedBug[] = [
  {
    name: 'hand-lost-with-its-thread',
    file: 'src/state/indexes.ts',
    before: 'if (this.claimed.has(chunk)) this.queued.add(chunk);',
    after: '',
    why: 'What a thread leaves in its hand never runs, and its batch never ends.',
  },
  {
    name: 'hand-cancelled-where-it-is',
    file: 'src/batches/setups.ts',
    before: '!begun.has(id) && !state.batchIndex.handed.has(id)',
    after: '!begun.has(id)',
    why: 'A chunk is cancelled that its thread may begin, or has begun.',
  },
  {
    name: 'begun-taken-for-taken-back',
    file: 'src/batches/handed.ts',
    before: 'takeOut(step, row, report.numbers);',
    after: 'takeOut(step, row, row.hand.map(({ number }) => number));',
    why: 'A chunk that had begun when its hand was asked back runs on two threads.',
  },
  {
    name: 'handed-out-before-what-waits-for-a-commit',
    file: 'src/batches/hands.ts',
    before: ' && isTold === true',
    after: '',
    why: 'A thread begins what it is to do next before what it is to do now.',
  },
  {
    name: 'spoiled-run-again-in-its-attempt',
    file: 'src/batches/handed.ts',
    before: '{ ...chunk, attempt: chunk.attempt + 1 }',
    after: 'chunk',
    why: 'What had begun on a thread that was told to end begins a second time under the same number.',
  },
];
