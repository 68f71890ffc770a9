// Outcomes: how each item of a batch ended.
//
// Owns the rows of outcomes and the counts of a batch. Does not own what follows from them (finish.ts).
//   O1. An item gets its outcome exactly once, and a count of the batch moves with it.
//   O2. The batch's error is the first failure that arrived, whatever its index; where none has, that items were cancelled.

import { OUTCOMES_PER_ROW, WEBHOOK_ERRORS_MAX } from '../limits.ts';
import type { TaskError } from '../state/inputs.ts';
import type { PayloadRef } from '../state/payloads.ts';
import type { BatchRow, Counts, Outcome } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';

const ROW_DIGITS = 6;

/** How one item ended: a value (JSON text) or an error. */
export interface Ending {
  readonly state: Outcome['state'];
  readonly value?: string | undefined;
  readonly error?: TaskError | undefined;
  readonly logs: string;
  readonly attempt: number;
  readonly durationMs: number;
}

/** Why items that never began have an outcome all the same. `payload` names the bytes that they share. */
export interface Refrained {
  readonly state: 'failed' | 'cancelled';
  readonly error: TaskError;
  readonly payload: string;
}

export function outcomesId(batch: string, row: number): string {
  return `${batch}/${String(row).padStart(ROW_DIGITS, '0')}`;
}

export function outcomeRows(total: number): number {
  return Math.ceil(total / OUTCOMES_PER_ROW);
}

export function outcomeOf(state: State, batch: string, index: number): Outcome | undefined {
  const row = state.outcomes.get(outcomesId(batch, Math.floor(index / OUTCOMES_PER_ROW)));
  return row?.outcomes[index % OUTCOMES_PER_ROW] ?? undefined;
}

/** An item that was running has ended. (O1) */
export function settleRunning(step: Step, batchId: string, index: number, ending: Ending): void {
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  const { attempt, durationMs } = ending;
  const text = resultText(ending);
  const payload = text === undefined ? undefined : state.changes.putPayload(`${batchId}/r${index}`, text);
  record(state, batch, index, index + 1, { state: ending.state, attempt, durationMs, payload });
  tally(step, batch, index, index + 1, 'running', ending, payload);
  step.facts.push({ kind: 'taskEnded', function: batch.function, outcome: ending.error?.kind ?? 'succeeded', ms: durationMs });
}

/** Items that had not begun will not begin. They share one payload, so that cancelling many costs little. (O1) */
export function settleUnbegun(step: Step, batchId: string, first: number, end: number, attempt: number, refrained: Refrained): void {
  if (first >= end) return;
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  const { error } = refrained;
  const payload = state.changes.putPayload(`${batchId}/${refrained.payload}`, JSON.stringify({ error }));
  record(state, batch, first, end, { state: refrained.state, attempt, durationMs: 0, payload });
  tally(step, batch, first, end, 'pending', refrained, payload);
  step.facts.push({ kind: 'tasksNotRun', function: batch.function, outcome: error.kind, count: end - first });
}

/** Items begin, or (below 0) go back to those that have not begun. */
export function countBegun(state: State, batchId: string, by: number): void {
  const batch = state.batches.get(batchId)!;
  state.batches.put({ ...batch, counts: moved(batch.counts, 'pending', 'running', by) });
}

function record(state: State, batch: BatchRow, first: number, end: number, outcome: Outcome): void {
  for (let row = Math.floor(first / OUTCOMES_PER_ROW); row * OUTCOMES_PER_ROW < end; row++) {
    const id = outcomesId(batch.id, row);
    const base = row * OUTCOMES_PER_ROW;
    const known = state.outcomes.get(id)?.outcomes;
    const outcomes = known === undefined ? noOutcomes(Math.min(OUTCOMES_PER_ROW, batch.counts.total - base)) : [...known];
    state.outcomes.put({ id, outcomes: outcomes.fill(outcome, Math.max(0, first - base), end - base) });
  }
}

function noOutcomes(length: number): (Outcome | null)[] {
  return Array.from({ length }, () => null);
}

function tally(step: Step, batch: BatchRow, first: number, end: number, from: keyof Counts, { state, error }: Pick<Ending, 'state' | 'error'>, payload: PayloadRef | undefined): void {
  step.state.batches.put({
    ...batch,
    counts: moved(batch.counts, from, state, end - first),
    error: firstError(batch.error, state, error),
    resultBytes: batch.resultBytes + (payload?.bytes ?? 0),
  });
  if (state === 'failed' && error !== undefined && batch.errorCallbackUrl !== undefined) collect(step.state, batch.id, first, end, error);
}

/** (O2) */
function firstError(known: TaskError | undefined, state: Ending['state'], error: TaskError | undefined): TaskError | undefined {
  return known === undefined || (known.kind === 'cancelled' && state === 'failed') ? error : known;
}

function moved(counts: Counts, from: keyof Counts, to: keyof Counts, by: number): Counts {
  return { ...counts, [from]: counts[from] - by, [to]: counts[to] + by };
}

/** Keeps the first failures for the error callback, in the order in which they arrived. */
function collect(state: State, batch: string, first: number, end: number, error: TaskError): void {
  const known = state.failures.get(batch)?.errors ?? [];
  const added = Math.min(end - first, WEBHOOK_ERRORS_MAX - known.length);
  if (added <= 0) return;
  const errors = [...known];
  for (let index = first; index < first + added; index++) errors.push({ index, error: { ...error, stack: undefined } });
  state.failures.put({ batch, errors });
}

/** The value is JSON text already, so the whole is put together as text. `undefined` where there is nothing to keep. */
function resultText({ value, error, logs }: Ending): string | undefined {
  const members: string[] = [];
  if (value !== undefined && value !== 'null' && error === undefined) members.push(`"value":${value}`);
  if (error !== undefined) members.push(`"error":${JSON.stringify(error)}`);
  if (logs !== '') members.push(`"logs":${JSON.stringify(logs)}`);
  return members.length === 0 ? undefined : `{${members.join(',')}}`;
}
