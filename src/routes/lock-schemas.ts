// Lock schemas: what is asked of locks and what is answered.

import { DESCRIPTION_CHARS_MAX, LABELS_MAX, LABEL_CHARS_MAX, LOCK_NAME_CHARS_MAX, REASON_CHARS_MAX } from '../limits.ts';
import { LOCK_PREFIX_PATTERN } from '../state/lock-name.ts';
import { choice, CLOSED, instant, int32, int64, json, LockName, named, nextCursor, pageQuery, ref, text, type Shape } from './schemas.ts';
import { Type } from './type.ts';

const LOCK_STATES = ['unlocked', 'locked'] as const;

const kind = choice(['mutex'] as const, 'How many may hold it: a mutex has one holder at most.');

const declaration = {
  kind: Type.Optional(kind),
  description: Type.Optional(text(DESCRIPTION_CHARS_MAX, 'What the lock protects, for people.')),
  labels: Type.Optional(Type.Unsafe<{ readonly [name: string]: string }>({
    type: 'object',
    maxProperties: LABELS_MAX,
    propertyNames: { maxLength: LABEL_CHARS_MAX },
    additionalProperties: { type: 'string', maxLength: LABEL_CHARS_MAX },
    description: 'Names and values for people and tools.',
  })),
};

export const CreateLock = named('CreateLock', Type.Object({ name: LockName, ...declaration }, { ...CLOSED, description: 'A lock to be declared.' }));
export const PutLock = named('PutLock', Type.Object(declaration, { ...CLOSED, description: 'The declaration of a lock, whole.' }));

export const RevokeLock = named('RevokeLock', Type.Object({
  fencingToken: Type.Optional(int64('Takes only the grant with this token.', { minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  reason: Type.Optional(text(REASON_CHARS_MAX, 'Why, for the one who loses the lock.')),
}, { ...CLOSED, description: 'Which grant to take away, and why.' }));

export const ListLocksQuery = Type.Object({
  prefix: Type.Optional(Type.String({ pattern: LOCK_PREFIX_PATTERN, maxLength: LOCK_NAME_CHARS_MAX, description: 'Only locks whose names begin with this.' })),
  state: Type.Optional(choice(LOCK_STATES, 'Only locks in this state.')),
  ...pageQuery,
}, CLOSED);

export const Holder = named('Holder', Type.Object({
  owner: Type.Optional(Type.String({ description: 'The name that the holder gave itself.' })),
  fencingToken: int64('The number of the grant; rises with every grant of the service.'),
  grantedAt: instant('When the lock was granted.'),
  expiresAt: Type.Optional(instant('When the lease ends unless it is renewed; absent for a task, whose lease ends with it.')),
  metadata: Type.Optional(json('What the holder said about itself.')),
}, { description: 'Who holds a lock. The id of the lease is a secret and not told.' }));
export type HolderBody = Shape<typeof Holder>;

export const Lock = named('Lock', Type.Object({
  name: Type.String({ description: 'The name of the lock.' }),
  kind,
  description: Type.String({ description: 'What the lock protects; empty where nobody said.' }),
  labels: Type.Unsafe<{ readonly [name: string]: string }>({ type: 'object', additionalProperties: { type: 'string' }, description: 'Names and values for people and tools.' }),
  declared: Type.Boolean({ description: 'Whether somebody declared it. One that nobody declared is gone when nobody holds it or waits.' }),
  state: choice(LOCK_STATES, 'Whether somebody holds it.'),
  holders: Type.Array(ref(Holder), { description: 'Who holds it.' }),
  waiters: int32('How many wait for it.'),
  createdAt: Type.Optional(instant('When it was declared.')),
}, { description: 'A lock as it is now.' }));
export type LockBody = Shape<typeof Lock>;

export const LockPage = named('LockPage', Type.Object({
  locks: Type.Array(ref(Lock), { description: 'In the order of their names.' }),
  nextCursor,
}, { description: 'A page of locks.' }));

export const Waiter = named('Waiter', Type.Object({
  position: int32('The place in line; 1 is next.'),
  owner: Type.Optional(Type.String({ description: 'The name that the waiter gave itself.' })),
  waitedMs: int64('How long it has waited.'),
  metadata: Type.Optional(json('What the waiter said about itself.')),
}, { description: 'One who waits for a lock.' }));
export type WaiterBody = Shape<typeof Waiter>;

export const WaiterPage = named('WaiterPage', Type.Object({
  waiters: Type.Array(ref(Waiter), { description: 'In the order of the line.' }),
  nextCursor,
}, { description: 'A page of the line.' }));
