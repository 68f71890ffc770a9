// Start: what becomes of batches when the service starts on what was stored, and when it stops.
//
// Owns the first step for batches. Rows that say `running` or `pending` are the outbox of the process before.
//   S1. A chunk that ended with the process runs again in its next attempt, and the loss is counted. One that was claimed may
//       have begun: it runs in its next attempt too, and is not blamed. One that was put back by an orderly stop waits already,
//       its attempt uncounted.
//   S2. A call that ended the process in its chunk's last attempt fails, a setup that did fails its batch; what is left
//       goes on alone.

import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { putBack } from './chunks.ts';
import { unclaimAll } from './claims.ts';
import { sendNext } from './deliveries.ts';
import { ENDED_WITH_PROCESS, SETUP_ENDED_WITH_PROCESS } from './errors.ts';
import { finishIfDone } from './finish.ts';
import { leaveHand } from './handed.ts';
import { settleLost } from './lost.ts';
import { countBegun, settleRunning } from './outcomes.ts';
import { failSetup } from './setups.ts';

/** To be followed by `dispatch`. `payloadOwners`: whose bytes are stored. */
export function startBatches(step: Step, payloadOwners: ReadonlySet<string>): void {
  const { state } = step;
  const begun = [...state.chunks.values()].filter((chunk) => chunk.state !== 'queued').toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const chunk of begun) if (chunk.alone === 'call') failCall(step, chunk);
  for (const { id, counts } of state.batches.values()) if (counts.running > 0) countBegun(state, id, -counts.running);
  for (const chunk of begun) if (chunk.alone !== 'call') startAgain(step, chunk.id);
  for (const { id, endedAt } of state.batches.values()) if (endedAt === undefined) finishIfDone(step, id);
  sendNext(step);
  dropOrphans(step, payloadOwners);
}

/** The grace of an orderly stop is over: what runs is put back. (S1) */
export function putBackRunning(step: Step): void {
  const { state } = step;
  for (const row of state.workers.values()) {
    if (row.state === 'stuck') continue;
    state.workers.put({ worker: row.worker, setup: row.setup, state: 'ending', ending: 'stopped', since: step.now });
    if (row.ending === 'timeout') settleLost(step, row, '', '');
    else putBackRun(step, row);
  }
  unclaimAll(step);
}

function putBackRun(step: Step, { chunk: id, item, hand }: WorkerRow): void {
  leaveHand(step, hand);
  if (id === undefined) return;
  const chunk = step.state.chunks.get(id)!;
  if (item !== undefined) countBegun(step.state, chunk.batch, -1);
  putBack(step, chunk);
  finishIfDone(step, chunk.batch);
}

/** (S2) */
function failCall(step: Step, chunk: ChunkRow): void {
  settleRunning(step, chunk.batch, chunk.next, [{ state: 'failed', error: ENDED_WITH_PROCESS, logs: '', attempt: chunk.attempt, durationMs: 0 }]);
  putBack(step, { ...chunk, next: chunk.next + 1 });
}

/** (S1, S2) */
function startAgain(step: Step, id: string): void {
  const chunk = step.state.chunks.get(id);
  if (chunk === undefined) return;
  if (chunk.alone === 'setup') failSetup(step, chunk.batch, SETUP_ENDED_WITH_PROCESS);
  else putBack(step, { ...chunk, losses: chunk.losses + (chunk.state === 'claimed' ? 0 : 1), attempt: chunk.attempt + 1 });
}

/** Bytes whose row has gone, or was never flushed, go too. */
function dropOrphans({ state }: Step, payloadOwners: ReadonlySet<string>): void {
  for (const owner of payloadOwners) {
    if (state.batches.get(owner) === undefined && state.deliveries.get(owner) === undefined) state.changes.dropPayload(`${owner}/`);
  }
}
