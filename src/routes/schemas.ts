// Schemas: the words that all shapes are made of, and the shapes that belong to no one resource.
//
// Owns names, numbers, instants and the one Problem. The shapes of a resource are in its own file beside its routes.
//   S1. Types, validation and the specification come from the same schema.
//   S2. Every body is a named component; operations refer to it by `ref`.
//   S3. No unions of objects and no null members: generators of clients stumble over both. Optional members are absent.

import type { Static, TSchema, TUnsafe } from 'typebox';
import { CURSOR_CHARS_MAX, LOCK_NAME_CHARS_MAX, PAGE_DEFAULT, PAGE_MAX, WAIT_MS_MAX } from '../limits.ts';
import { idPattern } from '../state/id-form.ts';
import type { Json } from '../state/json.ts';
import { LOCK_NAME_PATTERN } from '../state/lock-name.ts';
import { Type } from './type.ts';

/** What request bodies and other closed objects share: a member that is not known is refused. */
export const CLOSED = { additionalProperties: false } as const;

/** Gives a schema the name under which the specification lists it. */
export function named<Schema extends TSchema>(name: string, schema: Schema): Schema & { readonly $id: string } {
  return { ...schema, $id: name };
}

/** The values of a schema. An optional member may also be there and undefined: it is not written. */
export type Shape<Schema extends TSchema> = Lax<Static<Schema>>;
type Lax<Value> = Value extends object
  ? { [Name in keyof Value]: object extends Pick<Value, Name> ? Value[Name] | undefined : Value[Name] }
  : Value;

/** A reference to a named component, typed as what it refers to. (S2) */
export function ref<Schema extends TSchema & { readonly $id: string }>(schema: Schema): TUnsafe<Shape<Schema>> {
  return Type.Unsafe<Shape<Schema>>({ $ref: `${schema.$id}#` });
}

export function choice<const Words extends readonly string[]>(words: Words, description: string): TUnsafe<Words[number]> {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], description });
}

export function int32(description: string, bounds: { readonly minimum?: number; readonly maximum?: number } = {}) {
  return Type.Integer({ ...bounds, format: 'int32', description });
}

export function int64(description: string, bounds: { readonly minimum?: number; readonly maximum?: number } = {}) {
  return Type.Integer({ ...bounds, format: 'int64', description });
}

export function text(charsMax: number, description: string) {
  return Type.String({ maxLength: charsMax, description });
}

export function instant(description: string) {
  return Type.String({ format: 'date-time', description: `${description} RFC 3339, UTC.` });
}

/** Any JSON value. */
export function json(description: string): TUnsafe<Json> {
  return Type.Unsafe<Json>({ description });
}

export const LockName = Type.String({
  pattern: LOCK_NAME_PATTERN,
  maxLength: LOCK_NAME_CHARS_MAX,
  description: 'Letters, digits and `. _ : / @ -`; neither `.` nor `..`. Percent-encoded in a path: `orders%2F42`.',
});

export function id(prefix: 'lse' | 'bat', description: string) {
  return Type.String({ pattern: idPattern(prefix), description });
}

/** The body of a request that has nothing to say. */
export const Empty = named('Empty', Type.Object({}, { ...CLOSED, description: 'Nothing.' }));

export const LockParams = Type.Object({ lock: LockName });
export const LeaseParams = Type.Object({ lease: id('lse', 'The id of the lease, which is a secret.') });
export const BatchParams = Type.Object({ batch: id('bat', 'The id of the batch.') });

export const pageQuery = {
  limit: Type.Optional(int32(`How many to answer at most; ${PAGE_DEFAULT} when absent.`, { minimum: 1, maximum: PAGE_MAX })),
  cursor: Type.Optional(Type.String({ maxLength: CURSOR_CHARS_MAX, pattern: '^[A-Za-z0-9_-]+$', description: '`nextCursor` of the previous page.' })),
};
export const nextCursor = Type.Optional(Type.String({ description: 'Where the next page begins; absent on the last.' }));
export const waitMs = Type.Optional(int32('How long the answer may wait, in milliseconds; 0 when absent.', { minimum: 0, maximum: WAIT_MS_MAX }));

export const PageQuery = Type.Object(pageQuery, CLOSED);
export const WaitQuery = Type.Object({ waitMs }, CLOSED);

export const ERROR_KINDS = ['error', 'timeout', 'worker_lost', 'lock_lost', 'not_serializable', 'initializer', 'cancelled'] as const;

export const TaskErrorSchema = named('TaskError', Type.Object({
  name: Type.String({ description: 'The name of the error.' }),
  message: Type.String({ description: 'The message of the error.' }),
  stack: Type.Optional(Type.String({ description: 'Where it was thrown, where that is known.' })),
  code: Type.Optional(Type.String({ description: 'The code of the error, where it has one.' })),
  kind: choice(ERROR_KINDS, 'How the task failed.'),
}, { description: 'How a task failed.' }));
