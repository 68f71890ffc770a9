// Body: from the bytes of a request to JSON that is safe to walk.
//
// Owns the reading of bodies. Does not own their shapes (the schemas).
//   Y1. An absent body is `{}`, whatever its content type says.
//   Y2. Nothing recursive touches a body before its depth is known, and nothing builds one before it is known of how many
//       parts: a few bytes for each would keep every lock waiting for seconds.

import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { JSON_DEPTH_MAX, JSON_PARTS_MAX } from '../limits.ts';
import { Refused } from './refused.ts';

export const NO_BODY = Object.freeze({});

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A body of fewer bytes has no room for more brackets, opened and closed. */
const DEEP_BYTES_MIN = 2 * (JSON_DEPTH_MAX + 1);

/** Replaces every parser of the instance by the one for JSON. */
export function parseBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const wrong = refusalOf(request, bytes);
    if (wrong !== undefined) return done(wrong);
    if (bytes.length === 0) return done(null, NO_BODY);
    void parseJson(request, bytes.toString('utf8'), done);
  });
  app.addContentTypeParser('*', (request, _payload, done) => {
    if (request.headers['content-length'] === '0') return done(null, NO_BODY);
    done(new Refused('unsupported_media_type'));
  });
}

function refusalOf(request: FastifyRequest, bytes: Buffer): Refused | undefined {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') return new Refused('unsupported_media_type');
  if (!isUtf8(bytes)) return new Refused('malformed_json', { detail: 'The body is not UTF-8.' });
  return bytes.length < DEEP_BYTES_MIN ? undefined : overBounds(bytes);
}

/**
 * Counts strings, and brackets outside of them; numbers cost the parser next to nothing. Text that is no JSON may get any
 * answer, as the parser refuses it anyway.
 */
function overBounds(bytes: Buffer): Refused | undefined {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      parts += 1;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      parts += 1;
      if (depth > JSON_DEPTH_MAX) return new Refused('malformed_json', { detail: `The body is nested deeper than ${JSON_DEPTH_MAX} levels.` });
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
    if (parts > JSON_PARTS_MAX) return new Refused('body_too_large', { detail: `The body has more than ${JSON_PARTS_MAX} strings, arrays and objects; split the batch into several.` });
  }
  return undefined;
}

/** Where the string that begins at `start` has its closing quote; the end of the bytes where it has none. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
