// Outcomes: how each item of a batch ended.
//
// Owns the rows of outcomes and the counts of a batch. Does not own what follows from them (finish.ts).
//   O1. An item gets its outcome exactly once, and a count of the batch moves with it.
//   O2. The batch's error is the first failure that arrived, whatever its index; where none has, that items were cancelled.

import { OUTCOMES_PER_ROW, WEBHOOK_ERRORS_MAX } from '../limits.ts';
import type { TaskError } from '../state/inputs.ts';
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

/** Items that were running have ended, from `first` on one behind the other. (O1) */
export function settleRunning(step: Step, batchId: string, first: number, endings: readonly Ending[]): void {
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  const outcomes = endings.map((ending, n) => newOutcome(state, `${batchId}/r${first + n}`, ending));
  record(state, batch, first, first + endings.length, (index) => outcomes[index - first]!);
  state.batches.put(tallied(batch, 'running', endings.map(({ state: ended, error }, n) => ({ items: 1, state: ended, error, bytes: outcomes[n]!.payload?.bytes ?? 0 }))));
  for (const [n, { state: ended, error }] of endings.entries()) if (ended === 'failed') collect(state, batch, first + n, first + n + 1, error);
  step.facts.push({ kind: 'tasksEnded', function: batch.function, ends: endings.map(({ error, durationMs: ms }) => ({ outcome: error?.kind ?? 'succeeded', ms })) });
}

function newOutcome(state: State, payloadId: string, ending: Ending): Outcome {
  const { attempt, durationMs } = ending;
  const text = resultText(ending);
  return { state: ending.state, attempt, durationMs, payload: text === undefined ? undefined : state.changes.putPayload(payloadId, text) };
}

/** Items that had not begun will not begin. They share one payload, so that cancelling many costs little. (O1) */
export function settleUnbegun(step: Step, batchId: string, first: number, end: number, attempt: number, refrained: Refrained): void {
  if (first >= end) return;
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  const { error } = refrained;
  const payload = state.changes.putPayload(`${batchId}/${refrained.payload}`, JSON.stringify({ error }));
  const outcome: Outcome = { state: refrained.state, attempt, durationMs: 0, payload };
  record(state, batch, first, end, () => outcome);
  state.batches.put(tallied(batch, 'pending', [{ items: end - first, state: refrained.state, error, bytes: payload.bytes }]));
  if (refrained.state === 'failed') collect(state, batch, first, end, error);
  step.facts.push({ kind: 'tasksNotRun', function: batch.function, outcome: error.kind, count: end - first });
}

/** Items begin, or (below 0) go back to those that have not begun. */
export function countBegun(state: State, batchId: string, by: number): void {
  const batch = state.batches.get(batchId)!;
  const { pending, running } = batch.counts;
  state.batches.put({ ...batch, counts: { ...batch.counts, pending: pending - by, running: running + by } });
}

/** Each row that items share is put once. */
function record(state: State, batch: BatchRow, first: number, end: number, outcomeAt: (index: number) => Outcome): void {
  for (let row = Math.floor(first / OUTCOMES_PER_ROW); row * OUTCOMES_PER_ROW < end; row++) {
    const id = outcomesId(batch.id, row);
    const base = row * OUTCOMES_PER_ROW;
    const known = state.outcomes.get(id)?.outcomes;
    const outcomes = known === undefined ? noOutcomes(Math.min(OUTCOMES_PER_ROW, batch.counts.total - base)) : [...known];
    const rowEnd = Math.min(end, base + OUTCOMES_PER_ROW);
    for (let index = Math.max(first, base); index < rowEnd; index++) outcomes[index - base] = outcomeAt(index);
    state.outcomes.put({ id, outcomes });
  }
}

function noOutcomes(length: number): (Outcome | null)[] {
  return Array.from({ length }, () => null);
}

/** Items that ended alike, and the bytes that are kept of them together. */
type Tally = Pick<Ending, 'state' | 'error'> & { readonly items: number; readonly bytes: number };

/** The batch after these, in the order in which they arrived. */
function tallied(batch: BatchRow, from: keyof Counts, tallies: readonly Tally[]): BatchRow {
  const counts = { ...batch.counts };
  let { error, resultBytes } = batch;
  for (const tally of tallies) {
    counts[from] -= tally.items;
    counts[tally.state] += tally.items;
    error = firstError(error, tally.state, tally.error);
    resultBytes += tally.bytes;
  }
  return { ...batch, counts, error, resultBytes };
}

/** (O2) */
function firstError(known: TaskError | undefined, state: Ending['state'], error: TaskError | undefined): TaskError | undefined {
  return known === undefined || (known.kind === 'cancelled' && state === 'failed') ? error : known;
}

/** Keeps the first failures for the error callback, in the order in which they arrived. */
function collect(state: State, { id: batch, errorCallbackUrl }: BatchRow, first: number, end: number, error: TaskError | undefined): void {
  if (error === undefined || errorCallbackUrl === undefined) return;
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
