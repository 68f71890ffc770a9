// Headers: what clients may ask for beside the body.
//
// Owns `Idempotency-Key`, also where it stands in a body, and `Prefer` (RFC 7240). Does not own what a retry is answered.

import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { stringify } from 'safe-stable-stringify';
import { IDEMPOTENCY_KEY_CHARS_MAX } from '../limits.ts';
import type { RequestKey } from '../state/inputs.ts';
import { Refused } from './refused.ts';

const PRINTABLE = /^[\x20-\x7e]+$/u;
const QUOTED = /^"(?<inner>(?:[^"\\]|\\["\\])*)"$/u;
const QUOTED_PARTS = /"(?:[^"\\]|\\.)*"/gu;
const RESPOND_ASYNC = /(?:^|,)\s*respond-async\s*(?:=\s*""\s*)?(?:[,;]|$)/iu;

/** What a key is bound to. `subject` names the path beyond the route's template. */
export interface Bound {
  readonly caller: string;
  readonly method: string;
  readonly route: string;
  readonly subject: string;
  readonly body: unknown;
}

/** The key of a request, where its header gives one. */
export function idempotencyKey(request: FastifyRequest, subject = ''): RequestKey | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const { exchange: { caller }, method, routeOptions: { url: route = '' }, body } = request;
  return requestKey(readKey(String(header)), { caller, method, route, subject, body });
}

/** A key as digests: the machine stores no caller, path or body in clear. */
export function requestKey(key: string, { caller, method, route, subject, body }: Bound): RequestKey {
  return {
    id: hash('sha256', [caller, method, route, subject, key].join('\n'), 'base64url'),
    fingerprint: hash('sha256', stringify(body) ?? '', 'base64url'),
  };
}

/** A key may come quoted, as structured fields have it, or bare. */
function readKey(header: string): string {
  const inner = QUOTED.exec(header)?.groups?.['inner'];
  const key = inner === undefined ? header : inner.replaceAll(/\\(["\\])/gu, '$1');
  if (!PRINTABLE.test(key) || key.length > IDEMPOTENCY_KEY_CHARS_MAX) {
    throw new Refused('invalid_request', { detail: `Idempotency-Key must have 1 to ${IDEMPOTENCY_KEY_CHARS_MAX} printable ASCII characters.` });
  }
  return key;
}

/** Whether the client prefers a ticket to a connection that waits. Preferences that we do not know are ignored. */
export function prefersAsync(request: FastifyRequest): boolean {
  const header = request.headers['prefer'];
  return header !== undefined && RESPOND_ASYNC.test(String(header).replaceAll(QUOTED_PARTS, '""'));
}
