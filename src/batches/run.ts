// Run: handing items to a thread.
//
// Owns the moment in which items begin.
//   R1. A chunk's row says `running` before its thread is told anything, and the telling waits for the commit; one whose
//       attempt was claimed in a commit before need not wait, and may be in the thread's hand long before it runs (hands.ts).
//   R2. A chunk that ended with the process too often runs item by item: each call is a durable step of its own.

import { PROCESS_LOSSES_MAX } from '../limits.ts';
import type { RunOrder } from '../state/effects.ts';
import type { BatchRow, ChunkRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { isClaimFlushed } from './claims.ts';
import { countBegun } from './outcomes.ts';
import { startThread } from './threads.ts';

/** Starts a thread with the setup of the chunk's batch, for this chunk. */
export function startForChunk(step: Step, chunk: ChunkRow): void {
  const running: ChunkRow = { ...chunk, state: 'running', alone: runsAlone(chunk) ? 'setup' : undefined };
  step.state.chunks.put(running);
  markRunning(step, chunk.batch);
  startThread(step, running);
}

/** Has an idle thread, whose setup is the batch's, run the chunk from its first item without an outcome on. (R1, R2) */
export function runChunk(step: Step, worker: WorkerRow, chunk: ChunkRow): void {
  const { state } = step;
  const alone = runsAlone(chunk);
  const first = chunk.next;
  const end = alone ? first + 1 : chunk.end;
  state.chunks.put({ ...chunk, state: 'running', alone: alone ? 'call' : undefined });
  const batch = markRunning(step, chunk.batch);
  const isTold = isClaimFlushed(state, chunk) || undefined;
  beginItem(step, { worker: worker.worker, setup: worker.setup, latestNumber: worker.latestNumber, state: 'running', chunk: chunk.id, chunkAt: step.now, end, since: step.now, isTold }, batch, chunk, first);
  step.orders.push({ effect: { kind: 'runItems', worker: worker.worker, order: { ...orderOf(batch, chunk), end } }, early: isTold === true });
}

/** To run the chunk from its first item without an outcome on. */
export function orderOf({ function: name, call }: BatchRow, { batch, attempt, payload, first, next, end }: ChunkRow): RunOrder {
  return { batch, function: name, call, attempt, payload, payloadFirst: first, first: next, end };
}

/** A thread has begun a chunk of its hand. */
export function runHanded(step: Step, { worker, latestNumber, hand }: WorkerRow, chunk: ChunkRow): void {
  const running: ChunkRow = { ...chunk, state: 'running' };
  step.state.chunks.put(running);
  const batch = markRunning(step, chunk.batch);
  beginItem(step, { worker, latestNumber, hand, state: 'running', chunk: chunk.id, chunkAt: step.now, end: chunk.end, since: step.now, isTold: true }, batch, running, chunk.next);
}

/** The thread goes on to this item by itself; its time begins. */
export function beginItem(step: Step, worker: WorkerRow, batch: BatchRow, chunk: ChunkRow, item: number): void {
  step.state.workers.put({ ...worker, item, since: step.now, dueAt: step.now + batch.timeoutMs, lockLost: undefined });
  noteBegun(step, chunk, 1);
}

/** So many items of the chunk have begun. */
export function noteBegun(step: Step, chunk: ChunkRow, count: number): void {
  countBegun(step.state, chunk.batch, count);
  step.facts.push({ kind: 'tasksStarted', queuedMs: step.now - chunk.queuedAt, count });
}

function runsAlone(chunk: ChunkRow): boolean {
  return chunk.losses >= PROCESS_LOSSES_MAX;
}

function markRunning(step: Step, batchId: string): BatchRow {
  const batch = step.state.batches.get(batchId)!;
  if (batch.state !== 'queued') return batch;
  const running: BatchRow = { ...batch, state: 'running', startedAt: step.wall };
  step.state.batches.put(running);
  return running;
}
