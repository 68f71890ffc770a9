// Keys: which lock, lease or batch an `Idempotency-Key` named.
//
// Owns the rows of keys. Does not own what a retry is answered: that depends on what was named (K2).
//   K1. A key is kept while the lease or batch that it named lives, then `KEY_KEEP_MS`, the oldest going first.
//   K2. Nothing of an answer is kept; a retry is answered from the present state.

import { ENDED_KEYS_MAX, KEY_KEEP_MS } from '../limits.ts';
import type { RequestKey } from './inputs.ts';
import type { KeyRow } from './rows.ts';
import type { Step } from './step.ts';

/** What the key named; `reused` when it came with another body. */
export function findNamed(step: Step, key: RequestKey): KeyRow['names'] | 'reused' | undefined {
  const row = step.state.keys.get(key.id);
  if (row === undefined) return undefined;
  return row.fingerprint === key.fingerprint ? row.names : 'reused';
}

export function nameByKey(step: Step, key: RequestKey, names: KeyRow['names']): void {
  step.state.keys.put({ id: key.id, fingerprint: key.fingerprint, names });
}

/** What the key named has ended: it is kept for a while and then forgotten. (K1) */
export function retireKey(step: Step, id: string): void {
  const { keys, endedKeys } = step.state;
  const row = keys.get(id);
  if (row === undefined || row.keepUntil !== undefined) return;
  keys.put({ ...row, keepUntil: step.now + KEY_KEEP_MS });
  while (endedKeys.size > ENDED_KEYS_MAX) keys.delete(endedKeys.first()!);
}

/** Nothing was kept of what the key asked for: the next request with it is a new one. */
export function forgetKey(step: Step, id: string): void {
  step.state.keys.delete(id);
}
