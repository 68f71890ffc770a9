// Access: who may ask at all.
//
// Owns the two rules and which routes are open. Does not own which addresses are bound (the configuration).
//   X1. Without tokens a request must name a loopback host, and an Origin it has must be that host's own: otherwise any
//       web page could drive the service of whoever looks at it, by its own name (rebinding) or across origins.
//   X2. With tokens every route but the open ones needs one. They are compared by digest, in constant time, and all of
//       them each time.

import { hash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Refused } from './refused.ts';

/** Who asks, as far as it matters: the digest of a token, or nobody in particular. */
export type Caller = string;

const ANONYMOUS: Caller = 'anonymous';
const BEARER = /^bearer +(?<token>[\x21-\x7e]+) *$/iu;
const HOST = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[a-z0-9.-]+))(?::\d{1,5})?$/iu;

/** Checks a request and says who asks; throws `Refused`. */
export type Access = (request: FastifyRequest) => Caller;

export function createAccess(tokens: readonly string[]): Access {
  return tokens.length === 0 ? loopbackOnly() : tokenHolders(tokens);
}

/** (X1) Clients send the same host over and over: the latest good one is remembered. */
function loopbackOnly(): Access {
  let known: string | undefined;
  return ({ headers: { host, origin } }) => {
    if (host === undefined || (host !== known && !isLoopback(host))) throw new Refused('origin_refused');
    known = host;
    if (origin !== undefined && !isOwnOrigin(origin, host)) throw new Refused('origin_refused');
    return ANONYMOUS;
  };
}

function isOwnOrigin(origin: string, host: string): boolean {
  const [asked, own] = [origin.toLowerCase(), host.toLowerCase()];
  return asked === `http://${own}` || asked === `https://${own}`;
}

function isLoopback(host: string): boolean {
  const { v6, name } = HOST.exec(host)?.groups ?? {};
  if (v6 !== undefined) return v6 === '::1';
  if (name === undefined) return false;
  return name.toLowerCase() === 'localhost' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** (X2) */
function tokenHolders(tokens: readonly string[]): Access {
  const digests = tokens.map((token) => hash('sha256', token, 'buffer'));
  return (request) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.groups?.['token'];
    if (token !== undefined) {
      const digest = hash('sha256', token, 'buffer');
      if (digests.map((known) => timingSafeEqual(known, digest)).includes(true)) return digest.toString('base64url');
    }
    if (request.routeOptions.config.open === true) return ANONYMOUS;
    throw new Refused('unauthorized', {}, { 'www-authenticate': 'Bearer realm="holdfast"' });
  };
}
