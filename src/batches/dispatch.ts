// Dispatch: which chunk runs where.
//
// Owns the choice. Does not own threads (threads.ts) nor what begins on them (run.ts).
//   D1. Chunks get seats in their order: by batch, then by item. None is passed over by a later one, but for quick ones:
//       one in a thread's hand may begin after a later one in another's (hands.ts).
//   D2. A batch with a setup runs on threads started for it, a batch without one on threads without.
//   D3. There are as many threads as the settings say, setups included; an idle one makes room for another setup.
//   D4. A chunk in its last attempt runs alone: while there is one, no other chunk is given a seat.

import { WORKERS_MAX } from '../limits.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';
import { claimAhead } from './claims.ts';
import { handOut, recallForOthers } from './hands.ts';
import { runChunk, startForChunk } from './run.ts';
import { endThread, mayStart, startThread } from './threads.ts';

/** What the pool has to offer, used up chunk by chunk. */
interface Seats {
  readonly idle: WorkerRow[];
  /** Threads without a setup that have not reported yet. */
  starting: number;
  /** Threads that were told to end: their seats come free. */
  ending: number;
  /** Threads that may still be started. */
  room: number;
}

/** Gives seats to the chunks that are next, as far as there are seats, and fills the pool up with threads. */
export function dispatch(step: Step): void {
  if (step.state.phase !== 'serving') return;
  giveSeats(step);
  handOut(step);
  recallForOthers(step);
  claimAhead(step);
}

function giveSeats(step: Step): void {
  const seats = countSeats(step.state);
  if (seats.idle.length + seats.starting + seats.ending === 0 && seats.room <= 0) return;
  const chunks = step.state.opened ? nextChunks(step.state) : [];
  const wanted = new Set(chunks.map((chunk) => setupOf(step.state, chunk)));
  for (const chunk of chunks) if (!seat(step, seats, chunk, wanted)) break;
  for (; seats.room > 0 && mayStart(step); seats.room--) startThread(step);
}

function countSeats(state: State): Seats {
  const { workers } = state.settings;
  const seats: Seats = { idle: [], starting: 0, ending: 0, room: 0 };
  let counted = 0;
  for (const row of state.workers.values()) {
    if (row.state !== 'stuck') counted++;
    if (row.state === 'idle') seats.idle.push(row);
    else if (row.state === 'starting' && row.setup === undefined) seats.starting++;
    else if (row.state === 'ending') seats.ending++;
  }
  // Threads that were given up still take memory: when too many have been, they are not replaced any more.
  seats.room = Math.min(workers - counted, workers + WORKERS_MAX - state.workers.size);
  return seats;
}

/** As many as could get a seat. (D1, D4) */
function nextChunks(state: State): readonly ChunkRow[] {
  const { alone, queued } = state.batchIndex;
  const first = alone.first();
  if (first !== undefined) return [state.chunks.get(first)!].filter((chunk) => chunk.state !== 'running');
  return [...queued.from('').take(state.settings.workers)].map((id) => state.chunks.get(id)!);
}

function setupOf(state: State, chunk: ChunkRow): string | undefined {
  return state.batches.get(chunk.batch)!.setup === undefined ? undefined : chunk.batch;
}

/** Runs the chunk, or sees to a seat for it that comes free. False when there is none. (D2, D3) */
function seat(step: Step, seats: Seats, chunk: ChunkRow, wanted: ReadonlySet<string | undefined>): boolean {
  const setup = setupOf(step.state, chunk);
  const idle = takeIdle(seats, (row) => row.setup === setup);
  if (idle !== undefined) {
    runChunk(step, idle, chunk);
    return true;
  }
  if (setup === undefined && seats.starting > 0) {
    seats.starting--;
    return true;
  }
  if (seats.room > 0) {
    seats.room--;
    startFor(step, chunk, setup);
    return true;
  }
  if (seats.ending > 0) {
    seats.ending--;
    return true;
  }
  const other = takeIdle(seats, (row) => !wanted.has(row.setup)) ?? seats.idle.shift();
  if (other !== undefined) endThread(step, other, 'replaced');
  return other !== undefined;
}

function startFor(step: Step, chunk: ChunkRow, setup: string | undefined): void {
  if (!mayStart(step)) return;
  if (setup === undefined) startThread(step);
  else startForChunk(step, chunk);
}

function takeIdle(seats: Seats, fits: (row: WorkerRow) => boolean): WorkerRow | undefined {
  const at = seats.idle.findIndex(fits);
  return at === -1 ? undefined : seats.idle.splice(at, 1)[0];
}
