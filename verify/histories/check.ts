// Check: one history before all checkers.
//
// Owns which checkers there are. Two methods judge each history that know nothing of each other: by tokens and times,
// and by a search for an order of each lock's calls.

import { byLock, type History, type Violation } from './calls.ts';
import { fencing } from './fencing.ts';
import { searchOrder } from './linear.ts';
import { order } from './order.ts';
import { pauses } from './pauses.ts';
import { promptness } from './promptness.ts';
import { witness } from './witness.ts';

export interface Findings {
  readonly violations: readonly Violation[];
  readonly lateMs: readonly number[];
  readonly locks: number;
  /** Locks of which the search did not find out in its time. */
  readonly undecided: number;
  /** The newest token that was seen. */
  readonly newest: number;
}

/** `newest`: the newest token that was seen on the same data directory before. */
export function check(history: History, newest = 0): Findings {
  const seen = witness(history, newest);
  const prompt = promptness(history);
  const searched = [...byLock(history.calls)].map(([lock, calls]) => ({ lock, verdict: searchOrder(calls, history.faults) }));
  const impossible = searched.filter(({ verdict }) => verdict === 'not linear').map(({ lock }) => ({ property: 'linear', lock, what: 'no order of the calls explains the answers' }));
  return {
    violations: [...seen.violations, ...order(history), ...fencing(history), ...pauses(history), ...prompt.violations, ...impossible],
    lateMs: prompt.lateMs,
    locks: searched.length,
    undecided: searched.filter(({ verdict }) => verdict === 'undecided').length,
    newest: seen.newest,
  };
}

/** A lock's calls in the words of a report, for whoever looks into a violation. */
export function explain({ calls, from }: History, lock: string): string {
  const at = (time: number): string => (time === Infinity ? 'never' : (time - from).toFixed(1));
  return calls.filter((call) => call.lock === lock).toSorted((a, b) => a.calledAt - b.calledAt).map(({ operation, claim, calledAt, returnedAt, answer, lost }) => {
    const { lease: _secret, ...shown } = answer ?? {};
    return `${at(calledAt)}–${at(returnedAt)} ${operation} of ${claim}: ${answer === undefined ? lost : JSON.stringify(shown)}`;
  }).join('\n');
}
