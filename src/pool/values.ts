// Values: the JSON that crosses the border of a task, in and out.
//
// Owns which returned values are refused, and how shared locks arrive in arguments. Does not own what a lock does.

import { JSON_DEPTH_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import { CodedError, errorLine } from './errors.ts';
import type { SharedLock } from './context.ts';
import { byteLength, memberNames, stringifyJson } from './intrinsics.ts';
import { isSharedLock } from './task-locks.ts';

/** Thrown for a value that no JSON can say. */
class NotSerializableError extends CodedError {
  constructor(message: string) {
    super('not_serializable', message, 'NotSerializableError');
  }
}

/** JSON text of what a function returned, at most VALUE_BYTES_MAX bytes. `undefined` is null, as nothing is in JSON. */
export function jsonText(value: unknown): string {
  const text = value === undefined ? 'null' : stringify(value);
  const bytes = byteLength(text);
  if (bytes > VALUE_BYTES_MAX) throw tooLong(`${bytes} bytes`);
  return text;
}

function stringify(value: unknown): string {
  try {
    return stringifyJson(value, refuseUnsayable()) ?? 'null';
  } catch (error) {
    if (error instanceof NotSerializableError) throw error;
    throw new NotSerializableError(`the value cannot be written as JSON: ${errorLine(error)}`);
  }
}

/**
 * A replacer that refuses what JSON.stringify would leave out without a word. It follows the walk (each call's `this`
 * is the object that holds the member), so it knows the path and the depth; and it stops a value that is too long
 * before its text is built, because V8 ends the process over a text that it cannot hold.
 */
function refuseUnsayable(): (this: unknown, key: string, member: unknown) => unknown {
  // Filled by index: the methods of arrays may have been replaced by an earlier task.
  const holders: unknown[] = [];
  const path: string[] = [];
  let depth = 0;
  let bytes = 0;
  return function refuse(key, member) {
    while (depth > 0 && holders[depth - 1] !== this) depth -= 1;
    const type = typeof member;
    if (type === 'function' || type === 'symbol' || type === 'bigint') {
      throw new NotSerializableError(`${place(path.slice(0, depth), key)} is a ${type}, which JSON cannot say`);
    }
    bytes += key.length + (typeof member === 'string' ? member.length : 1);
    if (bytes > VALUE_BYTES_MAX) throw tooLong(`more than ${VALUE_BYTES_MAX} bytes`);
    if (typeof member === 'object' && member !== null) {
      if (isSharedLock(member)) throw new NotSerializableError(`${place(path.slice(0, depth), key)} is a lock or a grant of one: a lock cannot leave its task`);
      if (depth > JSON_DEPTH_MAX) throw new NotSerializableError(`the value is nested deeper than ${JSON_DEPTH_MAX} levels`);
      holders[depth] = member;
      path[depth] = key;
      depth += 1;
    }
    return member;
  };
}

/** `$.rows.3.id`; the walk begins with an empty key, which stands for the value itself. */
function place(path: readonly string[], key: string): string {
  return path.length === 0 ? 'the value' : `the value at $${[...path, key].map((name) => (name === '' ? '' : `.${name}`)).join('')}`;
}

function tooLong(size: string): NotSerializableError {
  return new NotSerializableError(`the value is ${size} of JSON; at most ${VALUE_BYTES_MAX} are kept`);
}

/** A reviver for `JSON.parse(text, …)` by which each `{"$lock": "name"}` becomes what `lock` gives for that name. */
export function lockReviver(text: string, lock: (name: string) => SharedLock): ((key: string, value: unknown) => unknown) | undefined {
  // The text was written by JSON.stringify, which never escapes a `$`; a reviver makes parsing ten times slower.
  if (!text.includes('"$lock"')) return undefined;
  return (_key, value) => {
    const name = sharedLockName(value);
    return name === undefined ? value : lock(name);
  };
}

function sharedLockName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = memberNames(value);
  const name: unknown = members.length === 1 && '$lock' in value ? value.$lock : undefined;
  return typeof name === 'string' ? name : undefined;
}
