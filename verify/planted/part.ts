// Planted: mistakes put into copies of the service, each of which the simulator's checkers have to see.
//
// Owns the figure. It takes the time that it takes: a bug that is caught by its known seed costs a second.

import type { Part } from '../part.ts';
import { huntAll } from './all.ts';
import { BUGS } from './bugs.ts';
import { SEEDS } from './seeds.ts';

/** As the guarantees page has it. */
const ASKED = 30;

export const planted: Part = {
  name: 'planted',
  share: 6,
  missing: () => undefined,
  run: async (_budget, say) => {
    const hunted = await huntAll(BUGS, SEEDS, ({ bug, found, failure }) => {
      say(found === undefined ? `${bug.name} NOT CAUGHT ${failure ?? ''}` : `${bug.name} caught by seed ${found.seed} (${found.property})`);
    });
    const caught = hunted.filter(({ found }) => found !== undefined).length;
    return [{ what: 'planted bugs caught', reached: `${caught} of ${hunted.length}`, asked: `${ASKED} of ${ASKED}`, ok: caught === hunted.length && caught >= ASKED }];
  },
};
