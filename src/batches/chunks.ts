// Chunks: the parts in which a batch's items are handed to workers.
//
// Owns how items are cut into chunks, and the rows of chunks but for their running (run.ts).
//   C1. A chunk's row is there until each of its items has an outcome; then it and its items are gone.
//   C2. What is put back keeps its id, and so its place before all that comes after it.

import { chunkId } from '../state/indexes.ts';
import type { Json } from '../state/json.ts';
import type { BatchRow, ChunkRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { CANCELLED, PAYLOAD_DAMAGED } from './errors.ts';
import { settleUnbegun, type Refrained } from './outcomes.ts';

/** Chunks per worker that the default size aims at, so that slow and fast ones even out. */
const CHUNKS_PER_WORKER = 4;

export const REFRAINED_CANCELLED: Refrained = { state: 'cancelled', error: CANCELLED, payload: 'cancelled' };

/** Python's rule: items spread evenly over four chunks for each worker, rounded up. At least 1. */
export function defaultChunkSize(items: number, workers: number): number {
  return Math.max(1, Math.ceil(items / (CHUNKS_PER_WORKER * workers)));
}

/** The items of each chunk, as JSON text. */
export function chunkTexts(items: readonly Json[], chunkSize: number): readonly string[] {
  const texts: string[] = [];
  for (let first = 0; first < items.length; first += chunkSize) texts.push(JSON.stringify(items.slice(first, first + chunkSize)));
  return texts;
}

/** Stores the chunks of a new batch. Returns the bytes of their items. */
export function putChunks(step: Step, batch: Pick<BatchRow, 'id' | 'order' | 'chunkSize' | 'counts'>, texts: readonly string[]): number {
  const { state } = step;
  let bytes = 0;
  for (const [n, text] of texts.entries()) {
    const first = n * batch.chunkSize;
    const payload = state.changes.putPayload(`${batch.id}/i${first}`, text);
    bytes += payload.bytes;
    state.chunks.put({
      id: chunkId(batch.order, first), batch: batch.id, first, end: Math.min(first + batch.chunkSize, batch.counts.total), next: first,
      payload, attempt: 1, losses: 0, state: 'queued', queuedAt: step.now,
    });
  }
  return bytes;
}

/** Each item of the chunk has its outcome. (C1) */
export function dropChunk(step: Step, chunk: ChunkRow): void {
  const { state } = step;
  const batch = state.batches.get(chunk.batch)!;
  state.chunks.delete(chunk.id);
  state.changes.dropPayload(chunk.payload.id);
  state.batches.put({ ...batch, chunks: batch.chunks - 1, itemBytes: batch.itemBytes - chunk.payload.bytes });
}

/** Gives the rest of a chunk, from `next` on, one outcome without running it. */
export function endChunk(step: Step, chunk: ChunkRow, next: number, refrained: Refrained): void {
  settleUnbegun(step, chunk.batch, next, chunk.end, chunk.attempt - 1, refrained);
  dropChunk(step, chunk);
}

/** What no worker runs any more waits again, or ends with its batch. `chunk.next` is its first item without outcome. (C2) */
export function putBack(step: Step, chunk: ChunkRow): void {
  const { state } = step;
  const batch = state.batches.get(chunk.batch)!;
  if (chunk.next === chunk.end) dropChunk(step, chunk);
  else if (batch.setupError !== undefined) endChunk(step, chunk, chunk.next, refrainedBySetup(batch.setupError));
  else if (batch.cancelled === true) endChunk(step, chunk, chunk.next, REFRAINED_CANCELLED);
  else state.chunks.put({ ...chunk, state: 'queued', alone: undefined, queuedAt: step.now });
}

/** What cannot be read back is never run. */
export function damagedItems({ first }: ChunkRow): Refrained {
  return { state: 'failed', error: PAYLOAD_DAMAGED, payload: `damaged${first}` };
}

export function refrainedBySetup(error: NonNullable<BatchRow['setupError']>): Refrained {
  return { state: 'failed', error, payload: 'initializer' };
}
