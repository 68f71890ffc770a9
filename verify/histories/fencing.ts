// Fencing: what became of the stores that the locks protect.
//
// Owns P5. The writes are replayed against a rule of its own, so that neither the store nor the clients are trusted.

import { byLock, type History, type Violation, type Write } from './calls.ts';
import { grantsOf, type Grant } from './grants.ts';

export function fencing(history: History): Violation[] {
  const writes = Map.groupBy(history.writes, ({ lock }) => lock);
  return [...byLock(history.calls)].flatMap(([lock, calls]) => {
    const grants = new Map(grantsOf(lock, calls, history.faults).map((grant) => [grant.token, grant]));
    return storeOf(lock, writes.get(lock) ?? [], grants);
  });
}

function storeOf(lock: string, writes: readonly Write[], grants: ReadonlyMap<number, Grant>): Violation[] {
  const violations: Violation[] = [];
  const object = (what: string): void => { violations.push({ property: 'P5', lock, what }); };
  const writers = new Map<number, number>();
  let newest = 0;
  for (const { claim, token, at, accepted } of writes) {
    const writer = writers.get(token) ?? claim;
    writers.set(token, writer);
    if (writer !== claim) object(`${token} was used by two holders`);
    if (accepted && token < newest) object(`a write with ${token} was accepted after one with ${newest}`);
    const grant = grants.get(token);
    const isSafe = grant !== undefined && grant.knownBy < at && at < grant.safeUntil;
    if (!accepted && isSafe) object(`a write with ${token} was refused although its lease was promised`);
    if (accepted) newest = Math.max(newest, token);
  }
  return violations;
}
