// Batch view: a batch and its results in the words of the interface.
//
// Values, errors and prints are payloads: they are read when an answer needs them. A damaged one throws, so that it
// fails this answer and is never shown. One that was stored whole and is no JSON is its item's failure alone: a page
// with it is answered.

import type { TaskError } from '../state/inputs.ts';
import type { Json } from '../state/json.ts';
import type { BatchView, ResultView } from '../state/replies.ts';
import type { BatchBody, ResultBody } from './batch-schemas.ts';
import type { Edge } from './edge.ts';
import { instantOf } from './lock-view.ts';

/** What the payload of an outcome says. */
interface OutcomeText {
  readonly value?: Json;
  readonly error?: TaskError;
  readonly logs?: string;
}

const UNREADABLE: TaskError = {
  name: 'PayloadDamagedError', message: 'What was kept of this item is no JSON and cannot be shown.', code: 'payload_damaged', kind: 'not_serializable',
};

export function batchBody({ batch, delivery, results }: BatchView, payloads: Edge['payloads']): BatchBody {
  return {
    id: batch.id,
    state: batch.state,
    function: batch.function,
    call: batch.call,
    chunkSize: batch.chunkSize,
    counts: batch.counts,
    error: batch.error,
    results: results?.map((result) => resultBody(result, payloads)),
    callbacks: delivery === undefined ? [] : [{ event: delivery.event, state: delivery.state, attempts: delivery.attempts, lastError: delivery.lastError }],
    createdAt: instantOf(batch.createdAt),
    startedAt: batch.startedAt === undefined ? undefined : instantOf(batch.startedAt),
    endedAt: batch.endedAt === undefined ? undefined : instantOf(batch.endedAt),
  };
}

export function resultBody({ index, state, outcome, attempt }: ResultView, payloads: Edge['payloads']): ResultBody {
  if (outcome === undefined) return { index, state, attempt };
  const told = outcome.payload === undefined ? {} : readOutcome(payloads.read(outcome.payload));
  const durationMs = Number.isFinite(outcome.durationMs) ? Math.round(outcome.durationMs) : 0;
  if (told === undefined) return { index, state: 'failed', error: UNREADABLE, logs: '', attempt, durationMs };
  const { value = null, error, logs = '' } = told;
  return { index, state, value: state === 'succeeded' ? value : undefined, error, logs, attempt, durationMs };
}

/** Undefined for a text that is no JSON. */
function readOutcome(bytes: Uint8Array): OutcomeText | undefined {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
