// Handed: what becomes of the chunks that were in a thread's hand.
//
// Owns how they get out of it: begun, taken back, damaged, or left there by a thread that has ended. Does not own what is
// put there (hands.ts).
//   D1. What a thread says follows what it has begun. So an order that it says to have begun is the first in its hand, and
//       what it ran before has ended.
//   D2. A chunk that leaves a hand without having begun waits again in its place, or ends with its batch.
//   D3. A thread that was left less than it was ordered to run is used again if it has gone on with its hand: what nobody
//       wants is behind it. Otherwise it may be in that still, and is replaced.

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

/** A thread has gone on with its hand. One whose batch was cancelled meanwhile is told to stop, like any that runs. (D1) */
export function orderBegun(step: Step, report: Report<'orderBegun'>): void {
  const { state } = step;
  const row = state.workers.get(String(report.worker));
  const [first, ...rest] = row?.hand ?? [];
  if (row?.state !== 'between' || first?.number !== report.number) return;
  const chunk = state.chunks.get(first.chunk)!;
  runHanded(step, { ...row, hand: listed(rest) }, chunk);
  if (state.batches.get(chunk.batch)!.cancelled === true) abortRunning(step, chunk.batch, state.workers.get(String(row.worker))!);
}

/**
 * These will not begin; what else was in the hand when it was asked back has begun. Its thread may have said so since, and
 * may have been handed more. (D2)
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

/** What a thread goes on with when it has done what it was told before; it may have begun it. `isCut`: it was left less than that. (D3) */
export function goOnWithHand(step: Step, { worker, handed, hand, recalled }: WorkerRow, isCut: boolean): void {
  step.state.workers.put({ worker, handed, hand, recalled, isCut: isCut || undefined, state: 'between', since: step.now });
}

/** The thread has ended, or was given up, and its row has no hand any more. (D2) */
export function leaveHand(step: Step, hand: readonly Handed[] = []): void {
  for (const { chunk: id } of hand) {
    const chunk = step.state.chunks.get(id)!;
    if (step.state.batches.get(chunk.batch)!.cancelled !== true) continue;
    putBack(step, chunk);
    finishIfDone(step, chunk.batch);
  }
}

/** (D2, D3) */
function takeOut(step: Step, row: WorkerRow, numbers: readonly number[]): void {
  const isOut = ({ number }: Handed): boolean => numbers.includes(number);
  const hand = listed(row.hand!.filter((one) => !isOut(one)));
  const emptied: WorkerRow = { ...row, hand };
  if (row.state !== 'between' || hand !== undefined) step.state.workers.put(emptied);
  else if (row.isCut === true) endThread(step, emptied, 'replaced');
  else makeIdle(step, emptied);
  leaveHand(step, row.hand!.filter(isOut));
}

function listed(hand: readonly Handed[]): WorkerRow['hand'] {
  return hand.length > 0 ? hand : undefined;
}
