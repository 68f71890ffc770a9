// Batch view: a batch and its results in the words of the interface.
//
// Values, errors and prints are payloads: they are read when an answer needs them. A damaged one throws, so that it
// fails this answer and is never shown.

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
  const { value = null, error, logs = '' } = outcome.payload === undefined ? {} : readOutcome(payloads.read(outcome.payload));
  return { index, state, value: state === 'succeeded' ? value : undefined, error, logs, attempt, durationMs: Math.round(outcome.durationMs) };
}

function readOutcome(bytes: Uint8Array): OutcomeText {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}
