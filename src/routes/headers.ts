// Headers: what clients may ask for beside the body.
//
// Owns `Idempotency-Key` and `Prefer` (RFC 7240). Does not own what a retry is answered.

import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { stringify } from 'safe-stable-stringify';
import { IDEMPOTENCY_KEY_CHARS_MAX } from '../limits.ts';
import type { RequestKey } from '../state/inputs.ts';
import { Refused } from './refused.ts';

const PRINTABLE = /^[\x20-\x7e]+$/u;
const QUOTED = /^"(?<inner>(?:[^"\\]|\\["\\])*)"$/u;
const QUOTED_PARTS = /"(?:[^"\\]|\\.)*"/gu;
const RESPOND_ASYNC = /(?:^|,)\s*respond-async\s*(?:=\s*""\s*)?(?:[,;]|$)/iu;

/**
 * The key of a request, as digests: the machine stores no caller, path or body in clear. `subject` names the path
 * beyond the route's template.
 */
export function idempotencyKey(request: FastifyRequest, subject = ''): RequestKey | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = readKey(String(header));
  const parts = [request.exchange.caller, request.method, request.routeOptions.url, subject, key];
  return {
    id: createHash('sha256').update(parts.join('\n')).digest('base64url'),
    fingerprint: createHash('sha256').update(stringify(request.body) ?? '').digest('base64url'),
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
