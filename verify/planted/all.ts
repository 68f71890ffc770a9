// All: every planted bug hunted, two at a time.
//
// Owns the order and the telling. A bug that is not caught, or cannot be planted any more, is told like any other: the
// list is whole in any case.

import type { PlantedBug } from './bug.ts';
import { hunt, SEEDS_MAX, type Catch } from './hunt.ts';

/** The simulator takes one core; this many run at once. */
const AT_ONCE = 2;

export interface Hunted {
  readonly bug: PlantedBug;
  readonly found: Catch | undefined;
  /** Why the hunt could not be ended. */
  readonly failure?: string | undefined;
}

/**
 * Hunts each bug: `known` seeds first, where there are any, and then all of them. `told` is called as hunts end, in no
 * particular order; what is returned is in the order of the list.
 */
export async function huntAll(bugs: readonly PlantedBug[], known: ReadonlyMap<string, number>, told: (hunted: Hunted) => void): Promise<readonly Hunted[]> {
  const results = new Map<PlantedBug, Hunted>();
  const waiting = bugs.values();
  const hunter = async (): Promise<void> => {
    for (const bug of waiting) {
      const hunted = await huntOne(bug, known.get(bug.name));
      results.set(bug, hunted);
      told(hunted);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hunter));
  return bugs.map((bug) => results.get(bug)!);
}

async function huntOne(bug: PlantedBug, known: number | undefined): Promise<Hunted> {
  try {
    const again = known === undefined ? undefined : await hunt(bug, known, known);
    return { bug, found: again ?? (await hunt(bug, 1, SEEDS_MAX)) };
  } catch (error) {
    return { bug, found: undefined, failure: error instanceof Error ? error.message : String(error) };
  }
}
