// Callback: what becomes of errors, whether somebody waits for them or not.

import { setTimeout as delay } from 'node:timers/promises';
import { metric, type Batch, type Holdfast, type Problem, type Result } from './holdfast.ts';
import { hold, NotAsTold, say, section, show } from './page.ts';
import { isGenuine, type Received, type Receiver } from './receiver.ts';
import type { Running } from './service.ts';

const ERRORS = ['out of paper', 'out of ink'];
const UNREAD = 'holdfast_batch_errors_unread';

interface Message {
  readonly type: string;
  readonly data: { readonly batch: string; readonly error: { readonly name: string; readonly message: string } };
}

export async function playCallback({ holdfast, secret }: Running, receiver: Receiver): Promise<void> {
  section('4. Errors are told');
  say('Two tasks that fail, three times. Who waits for the batch gets its first error:');
  const request = { function: 'fail', items: ERRORS };
  const raised = await holdfast.must<Problem>(422, 'POST', '/v1/batches', { ...request, waitMs: 10_000 });
  hold(raised.code === 'task_failed' && raised.error !== undefined, 'a batch that was waited for raises its first error');
  show(`POST /v1/batches {…, "waitMs": 10000}    422 ${raised.code}: ${raised.error.name}: ${raised.error.message}`);
  await playUnread(holdfast, request);
  say('With an error callback nobody has to ask: one signed message tells how the batch ended.');
  const batch = await holdfast.must<Batch>(202, 'POST', '/v1/batches', { ...request, errorCallback: { url: receiver.url } });
  const message = await receiver.message();
  hold(secret !== undefined, 'the secret of the service is known');
  verify(message, batch, secret);
  const { attempts } = await delivered(holdfast, batch);
  say(`GET /v1/batches/bat_… says of the callback: delivered, attempts: ${attempts}. A receiver that is down is tried again for a day; then the callback is shown as "dead".`);
}

/** Errors that nobody asks for are counted until somebody does. */
async function playUnread(holdfast: Holdfast, request: object): Promise<void> {
  say('Who does not wait finds each error in the results. Until somebody looks, a metric counts them:');
  const { id } = await holdfast.must<Batch>(202, 'POST', '/v1/batches', request);
  let unread = 0;
  for (let tries = 0; tries < 500 && unread < ERRORS.length; tries++) {
    unread = metric(await holdfast.metrics(), UNREAD) ?? 0;
    if (unread < ERRORS.length) await delay(20);
  }
  hold(unread >= ERRORS.length, 'errors that nobody has read are counted');
  show(`GET /metrics                             ${UNREAD} ${unread}`);
  const { results } = await holdfast.must<{ results: readonly Result[] }>(200, 'GET', `/v1/batches/${id}/results`);
  for (const { index, error } of results) {
    hold(error?.message === ERRORS[index], 'each task keeps its own error');
    show(`GET /v1/batches/bat_…/results            item ${index}: ${error?.name}: ${error?.message}`);
  }
  const left = metric(await holdfast.metrics(), UNREAD) ?? 0;
  hold(left < unread, 'errors that were read are not counted any more');
  show(`GET /metrics                             ${UNREAD} ${left}`);
}

function verify(message: Received, batch: Batch, secret: string): void {
  show(`webhook-id: ${message.id}`);
  show(`webhook-timestamp: ${message.timestamp}`);
  show(`webhook-signature: ${message.signature}`);
  const { type, data }: Message = JSON.parse(message.body);
  show(`{"type": "${type}", "data": {"error": {"name": "${data.error.name}", "message": "${data.error.message}", …}, …}}`);
  hold(type === 'batch.failed' && data.batch === batch.id && ERRORS.includes(data.error.message), 'the message tells of this batch and its first error');
  hold(isGenuine(message, secret), 'the signature of the message is right');
  hold(!isGenuine({ ...message, body: message.body.replace('batch.failed', 'batch.succeeded') }, secret), 'a changed message is not genuine');
  say('Its signature was checked with the shared secret: it is genuine, and the same message with one word changed is not.');
}

async function delivered(holdfast: Holdfast, { id }: Batch): Promise<Batch['callbacks'][number]> {
  for (let tries = 0; tries < 500; tries++) {
    const { callbacks } = await holdfast.must<Batch>(200, 'GET', `/v1/batches/${id}`);
    if (callbacks[0]?.state === 'delivered') return callbacks[0];
    await delay(20);
  }
  throw new NotAsTold('the callback is shown as delivered');
}
