// Handed: what becomes of the chunks that were in a thread's hand.
//
// Owns how they get out of it: begun, taken back, damaged, or left there by a thread that has ended. Does not own what is
// put there (hands.ts).
//   L1. What a thread says follows what it has begun. So an order that it says to have begun is the first in its hand, and
//       what it ran before has ended.
//   L2. A chunk that leaves a hand without having begun waits again in its place, or ends with its batch. One that has begun
//       on a thread that was told to end runs again in its next attempt, when that thread has ended.
//   L3. A thread that was left less than it was ordered to run is used again if it has gone on with its hand: what nobody
//       wants is behind it. Otherwise it may be in that still, and is replaced.
//   L4. A thread that does not go on, because something holds it up that an item left behind, is replaced.

import { STUCK_MS } from '../limits.ts';
import type { WorkerReport } from '../state/inputs.ts';
import type { Handed, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { abortRunning } from './abort.ts';
import { damagedItems, endChunk, putBack } from './chunks.ts';
import { dispatch } from './dispatch.ts';
import { finishIfDone } from './finish.ts';
import { runHanded } from './run.ts';
import { endThread, makeIdle } from './threads.ts';

type Report<Kind extends WorkerReport['kind']> = Extract<WorkerReport, { kind: Kind }>;

/** A thread has gone on with its hand. One whose batch was cancelled meanwhile is told to stop, like any that runs. (L1) */
export function orderBegun(step: Step, report: Report<'orderBegun'>): void {
  const { state } = step;
  const row = state.workers.get(String(report.worker));
  if (row?.state === 'ending') return spoil(step, row, report.number);
  const [first, ...rest] = row?.hand ?? [];
  if (row?.state !== 'between' || first?.number !== report.number) return;
  const chunk = state.chunks.get(first.chunk)!;
  runHanded(step, { ...row, hand: listed(rest) }, chunk);
  if (state.batches.get(chunk.batch)!.cancelled === true) abortRunning(step, chunk.batch, state.workers.get(String(row.worker))!);
}

/** (L2) */
function spoil(step: Step, row: WorkerRow, number: number): void {
  const hand = row.hand?.map((one) => (one.number === number ? { ...one, isSpoiled: true as const } : one));
  step.state.workers.put({ ...row, hand });
}

/**
 * These will not begin; what else was in the hand when it was asked back has begun. Its thread may have said so since, and
 * may have been handed more. (L2)
 */
export function ordersTakenBack(step: Step, report: Report<'ordersTakenBack'>): void {
  const row = step.state.workers.get(String(report.worker));
  if (row?.hand === undefined) return;
  takeOut(step, row, report.numbers);
  dispatch(step);
}

/** What was to be put into the thread's hand is damaged, and was not: nothing of it is ever run. */
export function handedDamaged(step: Step, row: WorkerRow, number: number): void {
  const damaged = row.hand?.find((one) => one.number === number);
  if (damaged === undefined) return;
  takeOut(step, row, [number]);
  const chunk = step.state.chunks.get(damaged.chunk);
  if (chunk === undefined) return;
  endChunk(step, chunk, chunk.next, damagedItems(chunk));
  finishIfDone(step, chunk.batch);
}

/**
 * Nothing is left of what a thread was told to run. It goes on with its hand, and may have begun that. Without one it is
 * idle, or replaced if `isCut`: it was left less than it was told. (L3, L4)
 */
export function freeThread(step: Step, row: WorkerRow, isCut: boolean): void {
  const { worker, latestNumber, hand, recalled } = row;
  const emptied: WorkerRow = { ...row, chunk: undefined, item: undefined, end: undefined };
  if (row.state === 'ending') step.state.workers.put(emptied);
  else if (hand !== undefined) step.state.workers.put({ worker, latestNumber, hand, recalled, isCut: isCut || undefined, state: 'between', since: step.now, dueAt: step.now + STUCK_MS });
  else if (isCut) endThread(step, emptied, 'replaced');
  else makeIdle(step, row);
}

/** The thread has ended, or was given up, and its row has no hand any more. (L2) */
export function leaveHand(step: Step, hand: readonly Handed[] = []): void {
  for (const { chunk: id, isSpoiled } of hand) {
    const chunk = step.state.chunks.get(id)!;
    if (isSpoiled === undefined && step.state.batches.get(chunk.batch)!.cancelled !== true) continue;
    putBack(step, isSpoiled === undefined ? chunk : { ...chunk, attempt: chunk.attempt + 1 });
    finishIfDone(step, chunk.batch);
  }
}

/** (L2, L3) */
function takeOut(step: Step, row: WorkerRow, numbers: readonly number[]): void {
  const isOut = ({ number }: Handed): boolean => numbers.includes(number);
  const hand = listed(row.hand!.filter((one) => !isOut(one)));
  const left: WorkerRow = { ...row, hand };
  if (row.state === 'between' && hand === undefined) freeThread(step, left, row.isCut === true);
  else step.state.workers.put(left);
  leaveHand(step, row.hand!.filter(isOut));
}

function listed(hand: readonly Handed[]): WorkerRow['hand'] {
  return hand.length > 0 ? hand : undefined;
}
