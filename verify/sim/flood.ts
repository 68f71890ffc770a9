// Flood: more at once than the service takes, so that its bounds are met: a line that is full, answers that pile up, a
// queue of batches that is full. What is refused is told so, and nothing else suffers.

import { ITEMS_MAX, UNANSWERED_MAX, WAITERS_PER_LOCK_MAX } from '../../src/limits.ts';
import type { BatchSubmission } from '../../src/state/inputs.ts';
import type { Ask, Call } from './call.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const MORE = 20;
const BATCH: BatchSubmission = { id: '', delivery: '', function: 'work', call: 'map', items: [{ n: 0 }], chunkSize: 1, timeoutMs: 1_000 };

/** All of it arrives in one moment, from clients that read no answer. */
export function flood(world: World, process: Process): void {
  world.fault('flood');
  // Nothing more is taken in once answers have piled up.
  arrive(world, process, 1, { kind: 'submitBatch', batch: BATCH });
  arrive(world, process, 1, { kind: 'submitBatch', batch: { ...BATCH, items: Array.from({ length: ITEMS_MAX }, (_, n) => ({ n })) } });
  arrive(world, process, WAITERS_PER_LOCK_MAX + MORE, { kind: 'acquire', lock: 'flooded', ttlMs: 100, waitMs: 500, ticket: false, owner: 'flood' });
  arrive(world, process, UNANSWERED_MAX + MORE, { kind: 'showLock', name: 'flooded' });
}

function arrive(world: World, process: Process, count: number, ask: Ask): void {
  for (let n = 0; n < count; n++) {
    const call: Call = { ask, sentAt: world.timeline.now, isOpen: true, isClosedEarly: false, exchange: undefined, process, heard: () => {} };
    world.operations++;
    call.exchange = world.take(call, process);
  }
}
