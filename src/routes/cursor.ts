// Cursor: the machine's place in a list, in a form that needs no escaping in a query.

import { Refused } from './refused.ts';

export function encodeCursor(place: string | undefined): string | undefined {
  return place === undefined ? undefined : Buffer.from(place, 'utf8').toString('base64url');
}

/** Throws `cursor_invalid` for what no list has given out. */
export function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (encodeCursor(place) !== cursor) throw new Refused('cursor_invalid');
  return place;
}
