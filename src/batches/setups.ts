// Setups: a batch whose initializer failed, and the end of what has not begun.
//
// Owns which chunks count as begun: those of which a thread runs an item. A thread that is starting, or runs an
// initializer, has begun nothing. What is in a thread's hand is asked back first (cancel.ts).
//   S1. An initializer fails its batch once, with the first failure; threads that are still in theirs are ended.

import type { TaskError } from '../state/inputs.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { dropChunk, refrainedBySetup } from './chunks.ts';
import { settleUnbegun, type Refrained } from './outcomes.ts';
import { endThread } from './threads.ts';

/** What runs may end; what has not begun fails. The caller ends the batch if nothing runs. (S1) */
export function failSetup(step: Step, batchId: string, error: TaskError): void {
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  if (batch.endedAt !== undefined || batch.setupError !== undefined) return;
  const setupError: TaskError = { ...error, kind: 'initializer' };
  state.batches.put({ ...batch, setupError });
  endUnbegun(step, batchId, refrainedBySetup(setupError));
}

/** Gives every item of a chunk that no thread has begun the same outcome, and ends the threads started for them. */
export function endUnbegun(step: Step, batchId: string, refrained: Refrained): void {
  const { state } = step;
  const begun = new Set<string | undefined>();
  for (const row of state.workers.values()) {
    if (row.chunk === undefined || state.chunks.get(row.chunk)!.batch !== batchId) continue;
    if (row.item === undefined) endSetup(step, row);
    else begun.add(row.chunk);
  }
  const ids = [...state.batchIndex.chunksOf.get(batchId) ?? []].toSorted();
  const chunks = ids.filter((id) => !begun.has(id) && !state.batchIndex.handed.has(id)).map((id) => state.chunks.get(id)!);
  for (const { first, end, attempt } of ranges(chunks)) settleUnbegun(step, batchId, first, end, attempt, refrained);
  for (const chunk of chunks) dropChunk(step, chunk);
}

function endSetup(step: Step, row: WorkerRow): void {
  const emptied: WorkerRow = { ...row, chunk: undefined };
  if (row.state === 'ending') step.state.workers.put(emptied);
  else endThread(step, emptied, 'replaced');
}

interface Range {
  readonly first: number;
  end: number;
  readonly attempt: number;
}

/** Neighbouring chunks are settled together: a row of outcomes is written once, not once for each chunk. */
function ranges(chunks: readonly ChunkRow[]): readonly Range[] {
  const found: Range[] = [];
  for (const { next, end, attempt } of chunks) {
    const last = found.at(-1);
    if (last?.end === next && last.attempt === attempt - 1) last.end = end;
    else found.push({ first: next, end, attempt: attempt - 1 });
  }
  return found;
}
