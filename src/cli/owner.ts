// Owner: the name under which this machine's user takes locks, for others to see.

import { hostname, userInfo } from 'node:os';

export function ownName(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run as a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'somebody');
  }
}
