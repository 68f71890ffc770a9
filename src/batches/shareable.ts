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
  readonly values: readonly Json[];
  /** Of an object's members; an array's are numbered. */
  readonly names: readonly string[] | undefined;
  at: number;
}

/** The first place, in the order of the text, that breaks the rule. `root` is the name of the request's member. */
export function findUnshareable(root: string, value: Json): Unshareable | undefined {
  const path: Frame[] = [frameOf({ [root]: value })];
  while (path.length > 0) {
    const frame = path.at(-1)!;
    frame.at++;
    if (frame.at === frame.values.length) {
      path.pop();
      continue;
    }
    const member = frame.values[frame.at]!;
    const why = faultOf(member);
    if (why !== undefined) return { code: typeof member === 'number' ? 'items_invalid' : 'lock_not_shareable', pointer: pointerOf(path), why };
    if (typeof member === 'object' && member !== null) path.push(frameOf(member));
  }
  return undefined;
}

function frameOf(value: readonly Json[] | JsonObject): Frame {
  return isArray(value) ? { values: value, names: undefined, at: -1 } : { values: Object.values(value), names: Object.keys(value), at: -1 };
}

function faultOf(value: Json): string | undefined {
  if (typeof value === 'string') return isLeaseId(value) ? A_LEASE_ID : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'the number is too large to be given to a task';
  if (typeof value !== 'object' || value === null || isArray(value)) return undefined;
  const names = Object.keys(value);
  if (names.some(isLeaseId)) return A_LEASE_ID;
  if (!Object.hasOwn(value, '$lock')) return undefined;
  if (names.length > 1) return 'an object with $lock may have no other member';
  return isLockName(value['$lock']) ? undefined : 'the value of $lock is no lock name';
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

function pointerOf(path: readonly Frame[]): string {
  return path.map(({ names, at }) => `/${(names?.[at] ?? String(at)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
