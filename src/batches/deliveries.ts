// Deliveries: telling receivers that batches have ended, until they have it or it is given up.
//
// Owns when an attempt begins and what its end means. Whose turn it is, is the outbox's (state/outbox.ts); one attempt
// on the wire is the sender's (webhooks/).
//   D1. A delivery has one id for all its attempts. Its attempts are counted durably before they begin.
//   D2. At most `WEBHOOKS_IN_FLIGHT_MAX` attempts are under way; what must wait is begun when one ends.
//   D3. Nothing waits for a delivery: not a result, not another receiver.
//   D4. A batch is kept at least until its delivery is settled, so its state can be read where the delivery says.
//   D5. The last attempt begins when the time for attempts is over, however long the back-off before it would have been.

import { ENDED_BATCH_KEEP_MS, WEBHOOK_ATTEMPTS_MS, WEBHOOKS_IN_FLIGHT_MAX } from '../limits.ts';
import type { DeliveryReport } from '../state/inputs.ts';
import { receiverOf } from '../state/outbox.ts';
import type { BatchRow, DeliveryRow } from '../state/rows.ts';
import { order, type Step } from '../state/step.ts';
import { retryDelayMs } from './backoff.ts';
import { callbackBody, type CallbackEvent } from './callbacks.ts';
import { forgetExcess } from './forget.ts';

/** Writes down what the end of a batch owes to a receiver, and begins the first attempt if there is room for it. */
export function owe(step: Step, batch: BatchRow, event: CallbackEvent, url: string): void {
  const { state } = step;
  const payload = state.changes.putPayload(`${batch.delivery}/body`, callbackBody(step, batch, event));
  state.deliveries.put({ id: batch.delivery, batch: batch.id, event, url, payload, state: 'pending', attempts: 0, createdAt: step.now });
  sendNext(step);
}

/** Begins attempts, each receiver's in turn, while there is room. (D1, D2) */
export function sendNext(step: Step): void {
  const { state } = step;
  while (state.opened && state.phase !== 'stopped' && state.sending.size < WEBHOOKS_IN_FLIGHT_MAX) {
    const id = state.batchIndex.outbox.next();
    if (id === undefined) return;
    const row = state.deliveries.get(id)!;
    const attempt = row.attempts + 1;
    state.deliveries.put({ ...row, attempts: attempt });
    state.sending.put({ delivery: id, attempt, receiver: receiverOf(row.url) });
    order(step, { kind: 'send', delivery: id, attempt, url: row.url, payload: row.payload });
  }
}

/** The back-off is over. */
export function deliveryDue(step: Step, id: string): void {
  step.state.deliveries.put({ ...step.state.deliveries.get(id)!, nextAt: undefined });
  sendNext(step);
}

/** An attempt ended. A report about another attempt than the one under way says nothing. */
export function deliverySettled(step: Step, report: DeliveryReport): void {
  const { state } = step;
  const row = state.deliveries.get(report.delivery);
  if (row === undefined || state.sending.get(report.delivery)?.attempt !== report.attempt) return;
  const settled = afterAttempt(step, row, report);
  state.deliveries.put(settled);
  state.sending.delete(row.id);
  step.facts.push({ kind: 'deliveryTried', outcome: settled.state === 'pending' ? 'failed' : settled.state });
  if (settled.state !== 'pending') release(step, settled);
  sendNext(step);
}

/** (D5) */
function afterAttempt(step: Step, row: DeliveryRow, report: DeliveryReport): DeliveryRow {
  if (report.outcome === 'delivered') return { ...row, state: 'delivered', lastError: undefined };
  const lastError = report.error ?? 'the attempt failed';
  const lastAt = row.createdAt + WEBHOOK_ATTEMPTS_MS;
  if (report.outcome === 'gone' || step.now >= lastAt) return { ...row, state: 'dead', lastError };
  return { ...row, lastError, nextAt: Math.min(step.now + retryDelayMs(row.id, row.attempts, report.retryAfterMs), lastAt) };
}

/** The batch need not be kept for the delivery any more. (D4) */
function release(step: Step, { batch: id, state: delivered }: DeliveryRow): void {
  const batch = step.state.batches.get(id)!;
  const unread = delivered === 'delivered' ? undefined : batch.unread;
  step.state.batches.put({ ...batch, unread, keepUntil: step.now + ENDED_BATCH_KEEP_MS });
  forgetExcess(step);
}
