// Lease schemas: what is asked of leases and what is answered.

import { OWNER_CHARS_MAX, TICKET_WAIT_MS_MAX, TTL_MS_DEFAULT, TTL_MS_MAX, TTL_MS_MIN, WAIT_MS_MAX } from '../limits.ts';
import { choice, CLOSED, instant, int32, int64, json, named, ref, text, type Shape } from './schemas.ts';
import { Type } from './type.ts';

const LEASE_STATES = ['waiting', 'held', 'released', 'expired', 'revoked', 'timed_out', 'abandoned'] as const;

export const Acquire = named('Acquire', Type.Object({
  owner: Type.Optional(text(OWNER_CHARS_MAX, 'The name that you give yourself; shown to whoever looks at the lock.')),
  ttlMs: Type.Optional(int32(`How long the lease lasts unless it is renewed; ${TTL_MS_DEFAULT} when absent.`, { minimum: TTL_MS_MIN, maximum: TTL_MS_MAX })),
  waitMs: Type.Optional(int32(
    `How long to wait in line; 0, when absent, tries once. At most ${WAIT_MS_MAX} on a connection, more only with \`Prefer: respond-async\`.`,
    { minimum: 0, maximum: TICKET_WAIT_MS_MAX },
  )),
  metadata: Type.Optional(json('Anything that helps people who look at the lock; up to 4 KiB of JSON.')),
}, { ...CLOSED, description: 'How a lock is to be acquired.' }));

export const Renew = named('Renew', Type.Object({
  ttlMs: Type.Optional(int32('How long the lease lasts from now; as long as before when absent.', { minimum: TTL_MS_MIN, maximum: TTL_MS_MAX })),
}, { ...CLOSED, description: 'How a lease is to be renewed.' }));

export const LeasedLock = named('LeasedLock', Type.Object({
  name: Type.String({ description: 'The name of the lock.' }),
  mode: choice(['exclusive'] as const, 'How it is held.'),
  permits: int32('How many permits of it are held.'),
}, { description: 'A lock that a lease is for.' }));

export const Lease = named('Lease', Type.Object({
  id: Type.String({ description: 'Who knows it may renew and release: keep it secret.' }),
  state: choice(LEASE_STATES, 'Where the lease stands.'),
  locks: Type.Array(ref(LeasedLock), { description: 'The locks that it is for.' }),
  owner: Type.Optional(Type.String({ description: 'The name that the holder gave itself.' })),
  fencingToken: Type.Optional(int64('The number of the grant; rises with every grant of the service. Absent before the grant.')),
  ttlMs: int32('How long the lease lasts unless it is renewed.'),
  grantedAt: Type.Optional(instant('When the lock was granted.')),
  expiresAt: Type.Optional(instant('When the lease ends unless it is renewed, by the clock of the service.')),
  expiresInMs: Type.Optional(int32('What is left of it at the moment of this answer.')),
  elapsedMs: int32('How long this answer took from the arrival of its request: hold until your own time of sending + elapsedMs + expiresInMs, less a margin.'),
  renewAfterMs: Type.Optional(int32('When to renew it at best, counted like expiresInMs.')),
  waitedMs: int32('How long it waited for the grant, or waits by now.'),
  position: Type.Optional(int32('The place in line while it waits; 1 is next.')),
  metadata: Type.Optional(json('What the holder said about itself.')),
}, { description: 'A lease: the time for which a lock is held, or the place in line for it.' }));
export type LeaseBody = Shape<typeof Lease>;
