// Batches: mistakes in how items are run, counted and settled.

import type { PlantedBug } from './bug.ts';

export const BATCHES: readonly PlantedBug[] = [
  {
    name: 'attempt-not-counted',
    file: 'src/batches/start.ts',
    before: 'attempt: chunk.attempt + 1',
    after: 'attempt: chunk.attempt',
    why: 'After a crash an item runs again under the number of the attempt before.',
  },
  {
    name: 'result-of-another-item',
    file: 'src/batches/settle.ts',
    before: 'result.index !== item || ',
    after: '',
    why: 'A report that comes twice settles an item twice.',
  },
  {
    name: 'chunk-run-twice',
    file: 'src/batches/run.ts',
    before: "state.chunks.put({ ...chunk, state: 'running', alone: alone ? 'call' : undefined });",
    after: "state.chunks.put({ ...chunk, alone: alone ? 'call' : undefined });",
    why: 'A chunk is given to a second thread while the first runs it.',
  },
  {
    name: 'rest-of-a-lost-chunk-forgotten',
    file: 'src/batches/lost.ts',
    before: 'putBack(step, { ...chunk, next: row.item + 1 });',
    after: 'step.state.chunks.put({ ...chunk, next: row.item + 1 });',
    why: 'Items behind a lost one never run, and their batch never ends.',
  },
  {
    name: 'begun-before-its-claim',
    file: 'src/batches/claims.ts',
    before: "return chunk.state === 'claimed' && !state.changes.claims.has(chunk.id);",
    after: "return chunk.state === 'claimed';",
    why: 'A chunk begins in an attempt that no commit says, and after a crash in the same attempt again.',
  },
  {
    name: 'claimed-taken-for-queued',
    file: 'src/batches/start.ts',
    before: "filter((chunk) => chunk.state !== 'queued')",
    after: "filter((chunk) => chunk.state === 'running')",
    why: 'A chunk that had begun when the process died begins again in the same attempt.',
  },
  {
    name: 'batch-ended-early',
    file: 'src/batches/finish.ts',
    before: 'batch.counts.pending + batch.counts.running > 0',
    after: 'batch.counts.pending > 0',
    why: 'A batch says that it has ended while its last items run.',
  },
  {
    name: 'no-time-out',
    file: 'src/batches/run.ts',
    before: 'dueAt: step.now + batch.timeoutMs',
    after: 'dueAt: Infinity',
    why: 'A task that hangs holds its thread for ever.',
  },
];
