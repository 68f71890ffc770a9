// Health: how the service is, read from the machine's state beside the loop.

import type { State } from '../state/state.ts';

export interface Health {
  readonly status: 'ready' | 'stopping';
  readonly workers: {
    readonly status: 'starting' | 'ready' | 'failing';
    readonly functions: number;
    /** How many ended one after another before they could run anything. */
    readonly lost: number;
    readonly broken: readonly { readonly module: string; readonly message: string }[];
  };
}

/** Locks are served whatever becomes of the workers, so those are told and do not make the service unready. */
export function healthOf({ phase, registry, restart }: State): Health {
  return {
    status: phase === 'serving' ? 'ready' : 'stopping',
    workers: {
      status: restart.losses > 0 ? 'failing' : registry === undefined ? 'starting' : 'ready',
      functions: registry?.functions.size ?? 0,
      lost: restart.losses,
      broken: registry?.broken ?? [],
    },
  };
}
