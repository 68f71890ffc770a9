// Submit: a batch is taken in, or refused before anything of it is kept.
//
// Owns the order in which a submission is looked at. Forms and sizes that a schema can say are the routes'.
//   S1. A key that named a batch gets that batch as it is, and never a second run.
//   S2. A refused submission changes nothing.
//   S3. What receivers are owed has a bound too. Beyond it only batches that may owe more are refused: a receiver that
//       does not answer is in nobody else's way.

import { PENDING_DELIVERIES_MAX, QUEUED_BYTES_MAX, QUEUED_CHUNKS_MAX, RETRY_AFTER_S } from '../limits.ts';
import type { BatchRequest, BatchSubmission } from '../state/inputs.ts';
import type { Json } from '../state/json.ts';
import { findNamed, nameByKey } from '../state/keys.ts';
import type { Refusal } from '../state/replies.ts';
import type { BatchRow, Registry } from '../state/rows.ts';
import { refuse, type Step } from '../state/step.ts';
import { chunkTexts, defaultChunkSize, putChunks } from './chunks.ts';
import { dispatch } from './dispatch.ts';
import { finishIfDone } from './finish.ts';
import { findBadGlobal } from './globals.ts';
import { findUnshareable } from './shareable.ts';
import { answerOrWait } from './waiting.ts';

type SubmitBatch = Extract<BatchRequest, { kind: 'submitBatch' }>;

const BROKEN_MODULES_NAMED_MAX = 5;
const BROKEN_MESSAGE_CHARS = 200;

export function submitBatch(step: Step, input: SubmitBatch): void {
  const { state } = step;
  if (state.phase !== 'serving') return refuse(step, input.request, { code: 'shutting_down' });
  const named = input.key === undefined ? undefined : findNamed(step, input.key);
  if (named === 'reused') return refuse(step, input.request, { code: 'idempotency_key_reused' });
  if (named !== undefined) return answerAgain(step, input, named.id);
  const refusal = refusalOf(state.registry, input.batch);
  if (refusal !== undefined) return refuse(step, input.request, refusal);
  const chunkSize = input.batch.chunkSize ?? defaultChunkSize(input.batch.items.length, state.settings.workers);
  const texts = chunkTexts(input.batch.items, chunkSize);
  const full = fullFor(step, input.batch, texts);
  if (full !== undefined) return refuse(step, input.request, full);
  putBatch(step, input, chunkSize, texts);
  if (input.key !== undefined) nameByKey(step, input.key, { kind: 'batch', id: input.batch.id });
  finishIfDone(step, input.batch.id);
  dispatch(step);
  answerNow(step, input, state.batches.get(input.batch.id)!);
}

/** (S1) */
function answerAgain(step: Step, input: SubmitBatch, id: string): void {
  const batch = step.state.batches.get(id);
  if (batch === undefined) return refuse(step, input.request, { code: 'batch_forgotten', batch: id });
  answerNow(step, input, batch);
}

function answerNow(step: Step, input: SubmitBatch, batch: BatchRow): void {
  answerOrWait(step, input.request, batch, input.waitMs ?? 0, input.waitMs !== undefined);
}

function refusalOf(registry: Registry | undefined, batch: BatchSubmission): Refusal | undefined {
  if (registry === undefined) return { code: 'functions_unknown', retryAfterMs: RETRY_AFTER_S * 1_000 };
  return missingFunction(registry, batch.function, '/function')
    ?? (batch.initializer && missingFunction(registry, batch.initializer.function, '/initializer/function'))
    ?? badItems(batch)
    ?? unshareable(batch)
    ?? badGlobals(batch.globals);
}

function missingFunction(registry: Registry, name: string, pointer: string): Refusal | undefined {
  if (registry.functions.has(name)) return undefined;
  const broken = registry.broken.slice(0, BROKEN_MODULES_NAMED_MAX).map(({ module, message }) => `${module} (${message.slice(0, BROKEN_MESSAGE_CHARS)})`);
  const rest = registry.broken.length - broken.length;
  const missing = broken.length === 0 ? '' : ` Modules that could not be loaded: ${broken.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return { code: 'function_not_found', detail: `No module exports the function that ${pointer} names.${missing}`, pointer };
}

function badItems({ call, items }: BatchSubmission): Refusal | undefined {
  if (call === 'map') return undefined;
  const index = items.findIndex((item) => !Array.isArray(item));
  return index === -1 ? undefined : { code: 'items_invalid', detail: `An item of a starmap is the array of its arguments; /items/${index} is none.`, pointer: `/items/${index}` };
}

function unshareable({ items, initializer, globals }: BatchSubmission): Refusal | undefined {
  // The names of globals stand in the place of an object's members, where a lock would be read as one.
  if (globals !== undefined && Object.hasOwn(globals, '$lock')) {
    return { code: 'lock_not_shareable', detail: '/globals: a lock is the value of a global, such as {"lock": {"$lock": "name"}}.', pointer: '/globals' };
  }
  const found = findUnshareable('items', items)
    ?? (initializer && findUnshareable('initializer', { args: initializer.args }))
    ?? (globals && findUnshareable('globals', globals));
  if (found === undefined) return undefined;
  const { code, pointer, why } = found;
  return { code, detail: `${pointer}: ${why}.${code === 'lock_not_shareable' ? ' A lock is shared as {"$lock": "name"}.' : ''}`, pointer };
}

function badGlobals(globals: BatchSubmission['globals']): Refusal | undefined {
  const found = globals && findBadGlobal(globals);
  return found && { code: 'globals_invalid', detail: `${found.pointer}: ${found.why}.`, pointer: found.pointer };
}

/** Texts are counted in characters: what their bytes are more is less than one request may hold. (S3) */
function fullFor({ state: { batchIndex } }: Step, { callback, errorCallback }: BatchSubmission, texts: readonly string[]): Refusal | undefined {
  const retryAfterMs = RETRY_AFTER_S * 1_000;
  const bytes = texts.reduce((sum, text) => sum + text.length, batchIndex.openBytes);
  if (batchIndex.openChunks + texts.length > QUEUED_CHUNKS_MAX || bytes > QUEUED_BYTES_MAX) return { code: 'batch_queue_full', retryAfterMs };
  if (callback === undefined && errorCallback === undefined) return undefined;
  if (batchIndex.pendingDeliveries < PENDING_DELIVERIES_MAX && bytes + batchIndex.owedBytes <= QUEUED_BYTES_MAX) return undefined;
  return { code: 'batch_queue_full', retryAfterMs, detail: 'Too many callbacks have not reached their receivers yet. Submit it without callback and errorCallback, or when receivers have answered.' };
}

function putBatch(step: Step, input: SubmitBatch, chunkSize: number, texts: readonly string[]): void {
  const { state } = step;
  const { id, function: name, call, items, timeoutMs, delivery, callback, errorCallback } = input.batch;
  const order = ++state.batchOrder;
  const total = items.length;
  const counts = { total, pending: total, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  const setupText = setupOf(input.batch);
  const setup = setupText === undefined ? undefined : state.changes.putPayload(`${id}/setup`, setupText);
  const itemBytes = putChunks(step, { id, order, chunkSize, counts }, texts);
  state.batches.put({
    id, order, state: 'queued', function: name, call, chunkSize, timeoutMs, counts, setup,
    callbackUrl: callback?.url, errorCallbackUrl: errorCallback?.url, delivery, key: input.key?.id,
    itemBytes, resultBytes: setup?.bytes ?? 0, chunks: texts.length, createdAt: step.wall,
  });
}

/** What a thread must be given before it runs items of the batch, as JSON text; nothing for most batches. */
function setupOf({ initializer, globals }: BatchSubmission): string | undefined {
  const set: { readonly [name: string]: Json } | undefined = globals !== undefined && Object.keys(globals).length > 0 ? globals : undefined;
  return initializer === undefined && set === undefined ? undefined : JSON.stringify({ initializer, globals: set });
}
