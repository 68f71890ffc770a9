// Callbacks: what a receiver is told when a batch has ended.
//
// Owns the body of a delivery, in the form of Standard Webhooks. It is small whatever failed: `error` is the first with
// its stack, `errors` are the first few failures by index (that one among them) without, all shortened; and where to
// read the rest.

import { CALLBACK_BODY_BYTES_MAX } from '../limits.ts';
import type { TaskError } from '../state/inputs.ts';
import type { BatchRow, DeliveryRow, FailuresRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { rfc3339 } from './instants.ts';

const FIRST_MESSAGE_CHARS = 1_000;
const FIRST_STACK_CHARS = 2_000;
const MESSAGE_CHARS = 300;

export type CallbackEvent = DeliveryRow['event'];

/** JSON text of at most `CALLBACK_BODY_BYTES_MAX` bytes. */
export function callbackBody(step: Step, batch: BatchRow, event: CallbackEvent): string {
  const errors = (step.state.failures.get(batch.id)?.errors ?? []).map(shortened);
  for (;;) {
    const body = JSON.stringify({
      type: event,
      timestamp: rfc3339(step.wall),
      data: {
        batch: batch.id,
        function: batch.function,
        counts: batch.counts,
        ...(batch.error !== undefined && { error: first(batch.error), errors }),
        results: `/v1/batches/${batch.id}/results`,
      },
    });
    if (errors.length === 0 || new TextEncoder().encode(body).length <= CALLBACK_BODY_BYTES_MAX) return body;
    errors.pop();
  }
}

function first(error: TaskError): TaskError {
  return { ...error, message: cut(error.message, FIRST_MESSAGE_CHARS), stack: error.stack && cut(error.stack, FIRST_STACK_CHARS) };
}

function shortened({ index, error }: FailuresRow['errors'][number]): object {
  return { index, name: error.name, message: cut(error.message, MESSAGE_CHARS), code: error.code, kind: error.kind };
}

/** A text that is cut between the halves of one character would be refused by strict readers of JSON. */
function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`.toWellFormed();
}
