// Problems: every "no" of the HTTP interface, its status and its words.
//
// Owns the one table of codes, and what a problem looks like (RFC 9457). Does not own when a code is used: the machine
// refuses with a `RefusalCode`, the edge itself with an `EdgeCode`.
//   P1. A code keeps its meaning for ever; clients branch on it and on nothing else.
//   P2. A title never varies. `detail` says what to do next, and what happened here where the machine says so.
//   P3. No problem carries a lease id, a token, a payload or a URL of the request.

import { randomUUID } from 'node:crypto';
import { RETRY_AFTER_S } from '../limits.ts';
import type { TaskError } from '../state/inputs.ts';
import type { RefusalCode } from '../state/replies.ts';
import type { HolderBody } from './lock-schemas.ts';

/** What the edge refuses by itself, before the machine sees it or because of how an answer is written. */
export type EdgeCode =
  | 'invalid_request'
  | 'malformed_json'
  | 'malformed_http'
  | 'lock_name_invalid'
  | 'unauthorized'
  | 'origin_refused'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'head_too_large'
  | 'callbacks_not_configured'
  | 'address_not_allowed'
  | 'payload_damaged'
  | 'internal_error';

export type ProblemCode = RefusalCode | EdgeCode;

interface Words {
  readonly status: number;
  readonly title: string;
  /** What to do next; the default of a problem's `detail`. */
  readonly detail: string;
}

export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid', detail: 'Correct the member or parameter that the pointer or the text names, and send the request again.' },
  malformed_json: { status: 400, title: 'The body is not acceptable JSON', detail: 'Send one JSON object in UTF-8, without __proto__ members and without deep nesting.' },
  malformed_http: { status: 400, title: 'The request is not valid HTTP', detail: 'Send a well-formed HTTP/1.1 request; the connection was closed.' },
  lock_name_invalid: { status: 400, title: 'The lock name is not valid', detail: 'A lock name has 1 to 256 of A-Z a-z 0-9 . _ : / @ - and is neither . nor ..; in a path it is percent-encoded, orders/42 as orders%2F42.' },
  cursor_invalid: { status: 400, title: 'The cursor is not valid', detail: 'Send nextCursor of the previous page as it was, with the same other parameters, or begin again without a cursor.' },
  unauthorized: { status: 401, title: 'A token is needed', detail: 'Send one of the tokens of this service as Authorization: Bearer followed by the token.' },
  origin_refused: { status: 403, title: 'The request comes from elsewhere', detail: 'Without tokens the service answers only requests to a loopback name that no other web page sent. Use http://127.0.0.1 and the port, or set HOLDFAST_TOKENS.' },
  not_found: { status: 404, title: 'There is nothing here', detail: 'See GET /docs for the paths that there are.' },
  lock_not_found: { status: 404, title: 'The lock is not known', detail: 'Nobody declared it and nobody holds it or waits for it. Acquiring it makes it.' },
  lease_not_found: { status: 404, title: 'The lease is not known', detail: 'The id is wrong, or the lease ended so long ago that it was forgotten. Acquire again.' },
  batch_not_found: { status: 404, title: 'The batch is not known', detail: 'The id is wrong, or the batch ended so long ago that it was forgotten.' },
  method_not_allowed: { status: 405, title: 'The path does not take this method', detail: 'Use one of the methods that the Allow header names.' },
  request_timeout: { status: 408, title: 'The request did not arrive in time', detail: 'Send the whole request without pausing; the connection was closed.' },
  lock_exists: { status: 409, title: 'The lock was declared before', detail: 'Use it as it is, or change its declaration with PUT.' },
  lease_not_held: { status: 409, title: 'The lease is not held yet', detail: 'It waits in line. Follow it with GET until its state is held.' },
  lease_lost: { status: 410, title: 'The lease is over', detail: 'Stop what the lock protects at once, and acquire again before going on.' },
  batch_forgotten: { status: 410, title: 'The batch of this key was forgotten', detail: 'It ran and was removed after its time; it will not run again. Use another Idempotency-Key for a new batch.' },
  body_too_large: { status: 413, title: 'The body is too large', detail: 'Send a smaller body; split a large batch into several.' },
  unsupported_media_type: { status: 415, title: 'The body is not declared as JSON', detail: 'Send the header Content-Type: application/json and the body as it is, not compressed.' },
  function_not_found: { status: 422, title: 'The function is not known', detail: 'GET /v1/functions lists what the functions folder exports.' },
  lock_not_shareable: { status: 422, title: 'The lock cannot be shared like this', detail: 'Share a lock as {"$lock": "name"}, with that one member; a lease stays with the one who acquired it.' },
  items_invalid: { status: 422, title: 'The items do not fit the call', detail: 'Each item of a starmap is the array of its arguments, and numbers are ones that a double can hold.' },
  globals_invalid: { status: 422, title: 'A global has a name that cannot be used', detail: 'Use names that are JavaScript identifiers and that globalThis does not have.' },
  task_failed: { status: 422, title: 'The batch ended with failures', detail: 'error is the first failure; the batch named by batch has the result of every item.' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key came with another body', detail: 'Send the first body again, or use a new key for a new request.' },
  callbacks_not_configured: { status: 422, title: 'This service sends no callbacks', detail: 'Set HOLDFAST_WEBHOOK_SECRET so that callbacks can be signed, or leave callback and errorCallback out.' },
  address_not_allowed: { status: 422, title: 'The callback address may not be called', detail: 'Use an address of the public internet, or list the address in HOLDFAST_WEBHOOK_ALLOW.' },
  lock_held: { status: 423, title: 'The lock is held', detail: 'Try again after retryAfterMs, or wait in line by sending waitMs.' },
  wait_timed_out: { status: 423, title: 'The lock was not free in time', detail: 'Try again with a longer waitMs, or wait as a ticket by sending Prefer: respond-async.' },
  wait_queue_full: { status: 429, title: 'Too many wait for this lock', detail: 'Try again later.' },
  too_many_locks: { status: 429, title: 'Too many locks are declared', detail: 'Delete locks that are no longer used.' },
  too_many_leases: { status: 429, title: 'Too many leases are held or waited for', detail: 'Try again later, and release leases that are no longer used.' },
  batch_queue_full: { status: 429, title: 'Too much is queued', detail: 'Try again when batches have ended.' },
  head_too_large: { status: 431, title: 'The path or the headers are too large', detail: 'Send a shorter path and fewer or shorter headers.' },
  payload_damaged: { status: 500, title: 'Stored bytes are damaged', detail: 'What was stored for this answer does not match its checksum and is not served. The operator should check the disk and restore a copy.' },
  internal_error: { status: 500, title: 'Something went wrong inside the service', detail: 'Nothing more is known here; the log of the service has the instance. A request with an Idempotency-Key can be sent again safely.' },
  functions_unknown: { status: 503, title: 'The functions are not known yet', detail: 'No worker thread has reported what the functions folder exports. Try again; /health/ready says why if it stays so.' },
  shutting_down: { status: 503, title: 'The service is stopping', detail: 'Try again: it is being restarted, or another instance takes its place.' },
  overloaded: { status: 503, title: 'Too many requests are under way', detail: 'Try again after Retry-After.' },
} as const satisfies Record<ProblemCode, Words>;

/** What is told beside the words. All of it is optional; no member stands for "nothing to say". */
export interface Occurrence {
  /** Another status than the table's, where an operation gives the code another place in HTTP. */
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
  readonly reason?: string | undefined;
  readonly holders?: readonly HolderBody[] | undefined;
  readonly waiters?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly fencingToken?: number | undefined;
  readonly error?: TaskError | undefined;
  readonly batch?: string | undefined;
  readonly pointer?: string | undefined;
}

export interface Problem extends Occurrence {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
}

/** The content type of every error. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text);
}

/** `type` is relative, so that it resolves on the very service that gave the answer, under whatever name it was reached. */
export function problem(code: ProblemCode, occurrence: Occurrence = {}): Problem {
  const words: Words = PROBLEMS[code];
  const { status = words.status, detail = words.detail, ...rest } = occurrence;
  return {
    type: `/problems/${code}`,
    title: words.title,
    status,
    detail,
    instance: `urn:uuid:${randomUUID()}`,
    code,
    ...rest,
    retryAfterMs: occurrence.retryAfterMs ?? (status === 429 || status === 503 ? RETRY_AFTER_S * 1_000 : undefined),
  };
}

/** The value of a problem's `Retry-After`: whole seconds, rounded up, at least one. */
export function retryAfterSeconds({ retryAfterMs }: Problem): string | undefined {
  return retryAfterMs === undefined ? undefined : String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}
