// Claims: attempts that are written down before a thread is free for them.
//
// Owns how many chunks are claimed. A thread that has done a quick chunk would wait many times as long for the commit that
// says that its next one runs; a claim is that commit, made ahead. Does not own which chunk runs where (dispatch.ts).
//   K1. A claimed chunk keeps its place among those that wait, and ends like them when its batch is cancelled or fails.
//   K2. Once its claim is flushed a thread may be told to run it at once, and ahead (hands.ts): no attempt begins that is
//       not durable.
//   K3. A start cannot tell whether a claimed chunk began. Its attempt counts, as if it had; the end of the process is not
//       held against it, as if it had not. Only first attempts are claimed, so what ends the process each time is let off
//       once.

import { CLAIMS_PER_WORKER_MAX, QUICK_CHUNK_MS } from '../limits.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';

/** A thread has done its chunk: quick ones double what is claimed ahead, a slow one ends it. */
export function noteChunk({ state, now }: Step, row: WorkerRow): void {
  const isQuick = row.chunkAt !== undefined && now - row.chunkAt <= QUICK_CHUNK_MS;
  const { workers } = state.settings;
  state.ahead = isQuick ? Math.min(Math.max(2 * state.ahead, workers), CLAIMS_PER_WORKER_MAX * workers) : 0;
}

/** Claims the chunks that are next, as many as may be. (K1) */
export function claimAhead({ state }: Step): void {
  const { claimed, handed, queued } = state.batchIndex;
  if (2 * claimed.size > state.ahead || state.ahead === 0) return;
  const next = Array.from(queued.from('').take(state.ahead - handed.size), (id) => state.chunks.get(id)!);
  for (const chunk of next) {
    if (chunk.state !== 'queued' || !isFirstAttempt(chunk)) continue;
    state.chunks.put({ ...chunk, state: 'claimed' });
    state.changes.claims.add(chunk.id);
  }
}

/** Whether the chunk's attempt is on the disk already. (K2) */
export function isClaimFlushed(state: State, chunk: ChunkRow): boolean {
  return chunk.state === 'claimed' && !state.changes.claims.has(chunk.id);
}

/** An orderly stop takes back what was claimed and is not known to have begun. */
export function unclaimAll({ state }: Step): void {
  for (const id of state.batchIndex.claimed) state.chunks.put({ ...state.chunks.get(id)!, state: 'queued' });
}

/** (K3) */
function isFirstAttempt({ attempt, losses }: ChunkRow): boolean {
  return attempt === 1 && losses === 0;
}
