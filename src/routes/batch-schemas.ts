// Batch schemas: what is asked of batches and functions and what is answered.

import { CALLBACK_URL_CHARS_MAX, ITEMS_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN } from '../limits.ts';
import { choice, CLOSED, instant, int32, json, named, nextCursor, pageQuery, ref, TaskErrorSchema, waitMs, type Shape } from './schemas.ts';
import type { Json } from '../state/json.ts';
import { Type } from './type.ts';

const BATCH_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
const RESULT_STATES = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const;
const CALLS = ['map', 'starmap'] as const;

const anyJson = Type.Array(json('Any JSON.'));
const call = choice(CALLS, 'How an item becomes arguments: `map` passes it as the one argument, `starmap` spreads it.');

export const Initializer = named('Initializer', Type.Object({
  function: Type.String({ minLength: 1, description: 'The name of the function.' }),
  args: Type.Optional({ ...anyJson, description: 'Its arguments after the context.' }),
}, { ...CLOSED, description: 'What each worker of the batch calls before its first task.' }));

export const CallbackTarget = named('CallbackTarget', Type.Object({
  url: Type.String({ maxLength: CALLBACK_URL_CHARS_MAX, description: 'Where the signed message is sent.' }),
}, { ...CLOSED, description: 'Who is told how the batch ended.' }));

export const SubmitBatch = named('SubmitBatch', Type.Object({
  function: Type.String({ minLength: 1, description: 'The name of the function that each task calls.' }),
  call: Type.Optional(call),
  items: { ...anyJson, maxItems: ITEMS_MAX, description: 'One task for each. `{"$lock": "name"}` arrives as that lock.' },
  chunkSize: Type.Optional(int32('How many items a worker takes at once; a fair share when absent.', { minimum: 1, maximum: ITEMS_MAX })),
  initializer: Type.Optional(ref(Initializer)),
  globals: Type.Optional(Type.Unsafe<{ readonly [name: string]: Json }>({
    type: 'object', additionalProperties: true, description: 'What becomes properties of `globalThis` in the workers of the batch.',
  })),
  timeoutMs: Type.Optional(int32(`How long a task may take, waiting for locks included; ${TIMEOUT_MS_DEFAULT} when absent.`, { minimum: TIMEOUT_MS_MIN, maximum: TIMEOUT_MS_MAX })),
  callback: Type.Optional(ref(CallbackTarget)),
  errorCallback: Type.Optional(ref(CallbackTarget)),
  waitMs,
}, { ...CLOSED, description: 'A batch to be run.' }));

export const ListBatchesQuery = Type.Object({ state: Type.Optional(choice(BATCH_STATES, 'Only batches in this state.')), ...pageQuery }, CLOSED);

export const Counts = named('Counts', Type.Object({
  total: int32('All items.'),
  pending: int32('Items that have not begun.'),
  running: int32('Items that run.'),
  succeeded: int32('Items that succeeded.'),
  failed: int32('Items that failed.'),
  cancelled: int32('Items that were cancelled.'),
}, { description: 'How many items are in which state.' }));

export const Result = named('TaskResult', Type.Object({
  index: int32('The place of the item, from 0.'),
  state: choice(RESULT_STATES, 'Where the task stands.'),
  value: Type.Optional(json('What the function returned; null for nothing. Only of a task that succeeded.')),
  error: Type.Optional(ref(TaskErrorSchema)),
  logs: Type.Optional(Type.String({ description: 'What the task printed, cut where it was too much.' })),
  attempt: Type.Optional(int32('Which attempt this is, from 1; absent where the task has not begun, or never did.', { minimum: 1 })),
  durationMs: Type.Optional(int32('How long it took.')),
}, { description: 'What became of one item.' }));
export type ResultBody = Shape<typeof Result>;

export const Callback = named('Callback', Type.Object({
  event: choice(['batch.succeeded', 'batch.failed', 'batch.cancelled'] as const, 'What the receiver is told.'),
  state: choice(['pending', 'delivered', 'dead'] as const, 'Whether it has been told; `dead` is given up.'),
  attempts: int32('How often it was tried.'),
  lastError: Type.Optional(Type.String({ description: 'Why the latest attempt failed.' })),
}, { description: 'A message that the end of the batch owes to a receiver.' }));

export const Batch = named('Batch', Type.Object({
  id: Type.String({ description: 'The id of the batch.' }),
  state: choice(BATCH_STATES, 'Where the batch stands.'),
  function: Type.String({ description: 'The function that each task calls.' }),
  call,
  chunkSize: int32('How many items a worker takes at once.'),
  counts: ref(Counts),
  error: Type.Optional(ref(TaskErrorSchema)),
  results: Type.Optional(Type.Array(ref(Result), { description: 'Of all items, in their order; only in the answer to a submission that waited, where they are few and small.' })),
  callbacks: Type.Array(ref(Callback), { description: 'What receivers were told, or are to be told.' }),
  createdAt: instant('When it was submitted.'),
  startedAt: Type.Optional(instant('When its first task, or its initializer, started.')),
  endedAt: Type.Optional(instant('When its last task ended.')),
}, { description: 'A batch as it is now. `error` is the first failure that arrived; where items were cancelled and none failed, it says so.' }));
export type BatchBody = Shape<typeof Batch>;

export const BatchPage = named('BatchPage', Type.Object({
  batches: Type.Array(ref(Batch), { description: 'The newest first.' }),
  nextCursor,
}, { description: 'A page of batches.' }));

export const ResultPage = named('ResultPage', Type.Object({
  results: Type.Array(ref(Result), { description: 'In the order of the items; every item, also one without a result yet.' }),
  nextCursor,
}, { description: 'A page of results.' }));

export const FunctionParams = Type.Object({ function: Type.String({ description: 'The name of the function.' }) });

export const FunctionShape = named('TaskFunction', Type.Object({
  name: Type.String({ description: 'The name under which it is exported and called.' }),
  description: Type.String({ description: 'What it says of itself; empty for nothing.' }),
  module: Type.String({ description: 'The file that exports it, relative to the functions folder.' }),
}, { description: 'A function that tasks can call.' }));

export const FunctionPage = named('FunctionPage', Type.Object({
  functions: Type.Array(ref(FunctionShape), { description: 'In the order of their names.' }),
}, { description: 'All functions.' }));
