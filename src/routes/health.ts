// Health: how the worker threads are, read from the machine's state beside the loop.
//
// Locks are served whatever becomes of the workers, so this is told and does not make the service unready.

import type { State } from '../state/state.ts';
import type { WorkersBody } from './ops-schemas.ts';

export function workersHealth({ registry, restart }: State): WorkersBody {
  return {
    status: restart.losses > 0 ? 'failing' : registry === undefined ? 'starting' : 'ready',
    functions: registry?.functions.size ?? 0,
    lost: restart.losses,
    broken: [...registry?.broken ?? []],
  };
}
