// Coverage: what must have happened in a run, or it shows less than it seems to.
//
// Owns the list. A run of a minute has each of these many times.

import type { Call, Fault, History } from './calls.ts';
import { TTL_MS_MIN, TTL_MS_SHORT_MAX } from './world.ts';

const EXPECTED = [
  'acquire held', 'acquire waiting', 'acquire lock_held', 'acquire wait_timed_out', 'acquire expired', 'acquire hungUp', 'acquire closed',
  'reuse idempotency_key_reused', 'renew held', 'renew expired', 'renew released', 'renew closed', 'release 204', 'release expired', 'release closed',
  'follow held', 'follow waiting', 'follow released', 'follow expired', 'follow timed_out', 'follow abandoned', 'follow closed',
  'show 200', 'show lock_not_found', 'line 200', 'line lock_not_found', 'write accepted', 'write refused',
  'fault kill', 'fault stop', 'fault pause below every TTL', 'fault pause beyond most TTLs', 'fault delay', 'fault stall', 'fault cut', 'fault reset',
];

export class Coverage {
  readonly expected = EXPECTED.length;
  readonly #seen = new Set<string>();

  add({ calls, writes, faults }: History): void {
    for (const call of calls) this.#seen.add(`${call.operation} ${outcomeOf(call)}`);
    for (const { accepted } of writes) this.#seen.add(accepted ? 'write accepted' : 'write refused');
    for (const fault of faults) this.#seen.add(`fault ${fault.kind}${fault.kind === 'pause' ? lengthOf(fault) : ''}`);
  }

  get missing(): readonly string[] {
    return EXPECTED.filter((kind) => !this.#seen.has(kind));
  }
}

function lengthOf({ from, to }: Fault): string {
  if (to - from < TTL_MS_MIN) return ' below every TTL';
  return to - from > TTL_MS_SHORT_MAX ? ' beyond most TTLs' : '';
}

function outcomeOf({ answer, lost }: Call): string {
  return answer?.state ?? answer?.reason ?? answer?.code ?? String(answer?.status ?? lost);
}
