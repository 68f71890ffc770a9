// Hands: chunks that a thread is told ahead, to go on with by itself.
//
// Owns what is put into a thread's hand and when it is wanted back. A thread that does quick chunks would wait for the main
// thread longer than it works. Does not own which chunks may begin at any moment (claims.ts), in which order they start
// (dispatch.ts), or what becomes of what was in a hand (handed.ts).
//   H1. Only what is claimed and flushed is handed out, in the order in which it waits, while chunks are quick, and only to
//       a thread that was told at once of what it runs: what is told at once never comes before what waits for a commit.
//   H2. What is in a hand has not begun until its thread says so. Where it is wanted back (for a thread that has nothing
//       to do, because its batch was cancelled, at an orderly stop) the pool and the thread settle between them which of
//       the two has it, and the pool tells.
//   H3. A thread whose hand was asked back gets nothing more into it before it has begun another chunk: what is handed out
//       and taken back stays bounded however long its item runs.

import { HAND_CHUNK_BYTES_MAX, HAND_MAX, HAND_NUMBERS, QUICK_CHUNK_MS } from '../limits.ts';
import type { ChunkRow, Handed, WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';
import { isClaimFlushed } from './claims.ts';
import { orderOf } from './run.ts';

/** Hands out what is next, to the shortest hands first. (H1) */
export function handOut(step: Step): void {
  const { state } = step;
  const { alone, claimed, handed, queued } = state.batchIndex;
  if (claimed.size === handed.size || state.ahead === 0 || alone.first() !== undefined) return;
  const takers = [...state.workers.values()].filter((row) => mayTake(step, row));
  for (const id of Array.from(queued.from('').take(takers.length * HAND_MAX))) {
    const chunk = state.chunks.get(id)!;
    const row = shortest(takers);
    if (!mayBeHanded(state, chunk) || handOf(row).length === HAND_MAX) return;
    takers[takers.indexOf(row)] = hand(step, row, chunk);
  }
}

/** (H1, H3) What goes on with its hand was told all of that at once. */
function mayTake({ now }: Step, { state, setup, isTold, recalled, chunkAt }: WorkerRow): boolean {
  if (setup !== undefined || recalled === true) return false;
  return state === 'between' || (state === 'running' && isTold === true && now - chunkAt! <= QUICK_CHUNK_MS);
}

/** A large one would find no room beside the others in the memory that the threads share. */
function mayBeHanded(state: State, chunk: ChunkRow): boolean {
  return isClaimFlushed(state, chunk) && chunk.payload.bytes <= HAND_CHUNK_BYTES_MAX && state.batches.get(chunk.batch)!.setup === undefined;
}

function hand(step: Step, row: WorkerRow, chunk: ChunkRow): WorkerRow {
  const number = ((row.handed ?? 0) + 1) % HAND_NUMBERS;
  const handing: WorkerRow = { ...row, hand: [...handOf(row), { number, chunk: chunk.id }], handed: number };
  step.state.workers.put(handing);
  const order = { ...orderOf(step.state.batches.get(chunk.batch)!, chunk), number };
  step.orders.push({ effect: { kind: 'runItems', worker: row.worker, order }, early: true });
  return handing;
}

/** Where a thread has nothing to do and nothing waits, the longest hand is asked back for it, one at a time. (H2) */
export function recallForIdle(step: Step): void {
  const { handed, queued } = step.state.batchIndex;
  if (handed.size === 0 || queued.first() !== undefined) return;
  const rows = [...step.state.workers.values()];
  if (rows.some((row) => row.recalled === true && row.hand !== undefined) || !rows.some(({ state, setup }) => state === 'idle' && setup === undefined)) return;
  recall(step, rows.reduce((best, row) => (handOf(row).length > handOf(best).length ? row : best)));
}

/** Asks for everything that is in the hand of a thread that goes on by itself. (H2) */
export function recall(step: Step, row: WorkerRow): void {
  const { worker, state, hand: held, recalled } = row;
  if (held === undefined || recalled === true || (state !== 'running' && state !== 'between')) return;
  step.state.workers.put({ ...row, recalled: true });
  step.orders.push({ effect: { kind: 'takeBack', worker, numbers: held.map(({ number }) => number) }, early: true });
}

/** An orderly stop began: what has not begun does not begin. */
export function recallAll(step: Step): void {
  for (const row of step.state.workers.values()) recall(step, row);
}

function handOf(row: WorkerRow): readonly Handed[] {
  return row.hand ?? [];
}

function shortest(rows: readonly WorkerRow[]): WorkerRow {
  return rows.reduce((best, row) => (handOf(row).length < handOf(best).length ? row : best));
}
