// Shareable: what may be given to a task.
//
// Owns the one form in which a lock travels, `{"$lock": "name"}`, and the refusal of any other: a lock that is not
// shared fails when it is submitted, never silently in a worker.
//   S1. An object with `$lock` has no other member, and its value is a lock's name.
//   S2. No text has the form of a lease id: who knows one may renew and release, and items are shown to others.
//   S3. A pointer never contains a lease id: a member's name is looked at before its value.
//   S4. A number is one that is kept: `1e400` is JSON, but would reach the task as null.

import { isLeaseId } from '../state/id-form.ts';
import type { Json } from '../state/json.ts';
import { isLockName } from '../state/lock-name.ts';

const A_LEASE_ID = 'a lease id may not be given to a task';

type JsonObject = { readonly [name: string]: Json };

export interface Unshareable {
  readonly code: 'lock_not_shareable' | 'items_invalid';
  /** JSON pointer into the request's body. */
  readonly pointer: string;
  readonly why: string;
}

/** An array or object on the way down, and which of its members is being looked at. */
interface Frame {
  value: readonly Json[] | JsonObject;
  /** Of an object's members; an array's are numbered. Read once: for an object of many members that takes a while. */
  names: readonly string[] | undefined;
  length: number;
  at: number;
}

/** The first place, in the order of the text, that breaks the rule. `root` is the name of the request's member. */
export function findUnshareable(root: string, value: Json): Unshareable | undefined {
  const path = new Path();
  path.enter({ [root]: value });
  for (let frame = path.last; frame !== undefined; frame = path.last) {
    frame.at++;
    if (frame.at === frame.length) {
      path.leave();
      continue;
    }
    const member = memberOf(frame);
    const inner = typeof member === 'object' && member !== null ? path.enter(member) : undefined;
    const why = inner === undefined ? faultOf(member) : faultOfObject(inner);
    if (why === undefined) continue;
    if (inner !== undefined) path.leave();
    return { code: typeof member === 'number' ? 'items_invalid' : 'lock_not_shareable', pointer: path.pointer(), why };
  }
  return undefined;
}

/** The way down to where is being looked. A depth has one frame for all that is found there: a batch has 100,000 items. */
class Path {
  readonly #frames: Frame[] = [];
  #depth = 0;

  get last(): Frame | undefined {
    return this.#depth === 0 ? undefined : this.#frames[this.#depth - 1];
  }

  enter(value: readonly Json[] | JsonObject): Frame {
    const names = isArray(value) ? undefined : Object.keys(value);
    const frame = (this.#frames[this.#depth++] ??= { value, names, length: 0, at: 0 });
    frame.value = value;
    frame.names = names;
    frame.length = isArray(value) ? value.length : names!.length;
    frame.at = -1;
    return frame;
  }

  leave(): void {
    this.#depth--;
  }

  pointer(): string {
    return this.#frames.slice(0, this.#depth).map(({ names, at }) => `/${(names?.[at] ?? String(at)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }
}

function memberOf({ value, names, at }: Frame): Json {
  return isArray(value) ? value[at]! : value[names![at]!]!;
}

function faultOf(value: Json): string | undefined {
  if (typeof value === 'string') return isLeaseId(value) ? A_LEASE_ID : undefined;
  return typeof value === 'number' && !Number.isFinite(value) ? 'the number is too large to be given to a task' : undefined;
}

function faultOfObject({ value, names }: Frame): string | undefined {
  if (isArray(value) || names === undefined) return undefined;
  if (names.some(isLeaseId)) return A_LEASE_ID;
  if (!Object.hasOwn(value, '$lock')) return undefined;
  if (names.length > 1) return 'an object with $lock may have no other member';
  return isLockName(value['$lock']) ? undefined : 'the value of $lock is no lock name';
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
