// What fast-check draws, as the source's own type of JSON.

import type { Json } from '../../src/state/json.ts';

/** Narrows only: what is drawn for it is JSON, or a number that JSON text can say and a double cannot hold. */
export function isJson(value: unknown): value is Json {
  return value !== undefined;
}
