// Coverage: what must have happened in a run, or it shows less than it seems to.
//
// Owns the list. A run of a minute has each of these many times.

import type { Call, History } from './calls.ts';

const EXPECTED = [
  'acquire held', 'acquire waiting', 'acquire lock_held', 'acquire wait_timed_out', 'acquire expired', 'acquire hungUp', 'acquire closed',
  'reuse idempotency_key_reused', 'renew held', 'renew expired', 'renew released', 'renew closed', 'release 204', 'release expired', 'release closed',
  'follow held', 'follow waiting', 'follow released', 'follow expired', 'follow timed_out', 'follow abandoned', 'follow closed',
  'show 200', 'show lock_not_found', 'line 200', 'line lock_not_found', 'write accepted', 'write refused',
  'fault kill', 'fault stop', 'fault pause', 'fault delay', 'fault stall', 'fault cut', 'fault reset',
];

export class Coverage {
  readonly expected = EXPECTED.length;
  readonly #seen = new Set<string>();

  add({ calls, writes, faults }: History): void {
    for (const call of calls) this.#seen.add(`${call.operation} ${outcomeOf(call)}`);
    for (const { accepted } of writes) this.#seen.add(accepted ? 'write accepted' : 'write refused');
    for (const { kind } of faults) this.#seen.add(`fault ${kind}`);
  }

  get missing(): readonly string[] {
    return EXPECTED.filter((kind) => !this.#seen.has(kind));
  }
}

function outcomeOf({ answer, lost }: Call): string {
  return answer?.state ?? answer?.reason ?? answer?.code ?? String(answer?.status ?? lost);
}
