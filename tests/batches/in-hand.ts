// A service whose threads are in quick chunks, for tests of what they have in hand.

import type { RunOrder } from '../../src/state/effects.ts';
import { World, type Thread } from './world.ts';

export const ITEMS = Array.from({ length: 60 }, (_, n) => n);

/** A service whose threads have done so many chunks of a batch of sixty, one item each: they have what is next in hand. */
export function worked(chunks: number, workers = 1): { readonly world: World; readonly id: string } {
  const world = new World(workers);
  const { id } = world.submit({ items: ITEMS, chunkSize: 1 });
  for (let n = 0; n < chunks; n++) world.finish(world.threadOf(id));
  return { world, id };
}

export function inHand({ hand }: Thread): string[] {
  return hand.map(({ batch, first }: RunOrder) => `${batch}:${first}`);
}

export function rowOf(world: World, { worker }: Thread) {
  return world.state.workers.get(String(worker))!;
}

export function takeBacks(world: World): number[] {
  return world.effects.flatMap((effect) => (effect.kind === 'takeBack' ? [effect.worker] : []));
}
