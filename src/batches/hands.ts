// Hands: chunks that a thread is told ahead, to go on with by itself.
//
// Owns what is put into a thread's hand and when it is wanted back. A thread that does quick chunks would wait for the main
// thread longer than it works. Does not own which chunks may begin at any moment (claims.ts), in which order they start
// (dispatch.ts), or what becomes of what was in a hand (handed.ts).
//   H1. Only what is claimed and flushed is handed out, in the order in which it waits, while chunks are quick, and only to
//       a thread that was told at once of what it runs: what is told at once never comes before what waits for a commit.
//   H2. What is in a hand has not begun until its thread says so. Where it is wanted back (for a thread that has nothing
//       to do, because its batch was cancelled, with a time-out, at an orderly stop) the pool and the thread settle between them which of
//       the two has it, and the pool tells.
//   H3. A thread whose hand was asked back gets nothing more into it before it has begun another chunk: what is handed out
//       and taken back stays bounded however long its item runs. One that was told to stop its item gets nothing at all.
//   H4. Nothing stays in a hand behind a chunk that has turned out slow once another thread is free for it.

import { HAND_CHUNK_BYTES_MAX, HAND_MAX, HAND_NUMBERS, HAND_PLACES, QUICK_CHUNK_MS } from '../limits.ts';
import type { ChunkRow, Handed, WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';
import { isClaimFlushed } from './claims.ts';
import { orderOf } from './run.ts';

/** Hands out what is next, to the shortest hands first. (H1) */
export function handOut(step: Step): void {
  const { state } = step;
  const { claimed, handed, queued } = state.batchIndex;
  if (claimed.size === handed.size || state.ahead === 0) return;
  const takers = [...state.workers.values()].filter((row) => mayTake(step, row));
  for (const id of Array.from(queued.from('').take(takers.length * HAND_MAX))) {
    const chunk = state.chunks.get(id)!;
    const row = shortest(takers);
    if (!mayBeHanded(state, chunk) || isFull(row)) return;
    takers[takers.indexOf(row)] = give(step, row, chunk);
  }
}

/** (H1, H3) What goes on with its hand was told all of that at once. */
function mayTake({ now }: Step, row: WorkerRow): boolean {
  const { state, setup, isTold, isCut, aborted, recalled } = row;
  if (setup !== undefined || recalled === true || aborted === true || isCut === true) return false;
  return state === 'between' || (state === 'running' && isTold === true && isQuick(row, now));
}

function isQuick({ chunkAt }: WorkerRow, now: number): boolean {
  return chunkAt === undefined || now - chunkAt <= QUICK_CHUNK_MS;
}

/** A number's place must be free of any older one of the hand. */
function isFull(row: WorkerRow): boolean {
  const hand = handOf(row);
  const span = hand.length === 0 ? 0 : ((row.latestNumber ?? 0) + 1 - hand[0]!.number + HAND_NUMBERS) % HAND_NUMBERS;
  return hand.length === HAND_MAX || span >= HAND_PLACES;
}

/** A large one would find no room beside the others in the memory that the threads share. */
function mayBeHanded(state: State, chunk: ChunkRow): boolean {
  return isClaimFlushed(state, chunk) && chunk.payload.bytes <= HAND_CHUNK_BYTES_MAX && state.batches.get(chunk.batch)!.setup === undefined;
}

function give(step: Step, row: WorkerRow, chunk: ChunkRow): WorkerRow {
  const number = ((row.latestNumber ?? 0) + 1) % HAND_NUMBERS;
  const handing: WorkerRow = { ...row, hand: [...handOf(row), { number, chunk: chunk.id }], latestNumber: number };
  step.state.workers.put(handing);
  const order = { ...orderOf(step.state.batches.get(chunk.batch)!, chunk), number };
  step.orders.push({ effect: { kind: 'runItems', worker: row.worker, order }, early: true });
  return handing;
}

/** Asks back what is behind a slow chunk, and for a thread that has nothing to do the longest hand, one at a time. (H2, H4) */
export function recallForOthers(step: Step): void {
  const { handed, queued } = step.state.batchIndex;
  if (handed.size === 0) return;
  const holding = [...step.state.workers.values()].filter(mayBeRecalled);
  for (const row of holding) if (!isQuick(row, step.now)) recall(step, row);
  const rows = [...step.state.workers.values()];
  const isAsked = rows.some((row) => row.recalled === true && row.hand !== undefined);
  if (isAsked || holding.length === 0 || queued.first() !== undefined || !rows.some(({ state }) => state === 'idle')) return;
  recall(step, holding.reduce((best, row) => (handOf(row).length > handOf(best).length ? row : best)));
}

/** Asks for everything that is in the hand of a thread that goes on by itself. (H2) */
export function recall(step: Step, row: WorkerRow): void {
  if (!mayBeRecalled(row)) return;
  step.state.workers.put({ ...row, recalled: true });
  step.orders.push({ effect: { kind: 'takeBack', worker: row.worker, numbers: handOf(row).map(({ number }) => number) }, early: true });
}

function mayBeRecalled({ state, hand: held, recalled }: WorkerRow): boolean {
  return held !== undefined && recalled === undefined && (state === 'running' || state === 'between');
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
