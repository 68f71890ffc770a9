// Lock name: what a lock may be called, wherever a name comes in.

import { LOCK_NAME_CHARS_MAX } from '../limits.ts';

/**
 * Letters, digits and `. _ : / @ -`; neither `.` nor `..`, which is said without a look-ahead, as the patterns of some
 * languages have none.
 */
export const LOCK_NAME_PATTERN = String.raw`^(\.{0,2}[A-Za-z0-9_:/@-][A-Za-z0-9._:/@-]*|\.{3}[A-Za-z0-9._:/@-]*)$`;

/** What a name may begin with: any prefix of one, also none. */
export const LOCK_PREFIX_PATTERN = '^[A-Za-z0-9._:/@-]*$';

const LOCK_NAME = new RegExp(LOCK_NAME_PATTERN, 'u');

export function isLockName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= LOCK_NAME_CHARS_MAX && LOCK_NAME.test(name);
}
