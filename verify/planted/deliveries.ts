// Deliveries: mistakes in telling receivers.

import type { PlantedBug } from './bug.ts';

export const DELIVERIES: readonly PlantedBug[] = [
  {
    name: 'another-id-for-each-attempt',
    file: 'src/perform.ts',
    before: 'sender.send({ delivery: effect.delivery,',
    after: 'sender.send({ delivery: effect.attempt > 1 ? `${effect.delivery}-${effect.attempt}` : effect.delivery,',
    why: 'A receiver cannot know that it has seen the callback before.',
  },
  {
    name: 'given-up-after-one-attempt',
    file: 'src/batches/deliveries.ts',
    before: "report.outcome === 'gone' || step.now >= lastAt",
    after: "report.outcome !== 'delivered'",
    why: 'A receiver that was away for a moment is never told.',
  },
  {
    name: 'attempts-not-counted',
    file: 'src/batches/deliveries.ts',
    before: 'state.deliveries.put({ ...row, attempts: attempt });',
    after: '',
    why: 'An attempt after a crash has the number of the one before.',
  },
];
