// The simulator as a part of the long verification.
//
// Owns the figures. What is simulated and checked is world.ts's; a single run is repeated with `npm run sim -- --seed N`.

import type { Budget, Figure, Part } from '../part.ts';
import { COVERAGE_SEEDS_MIN, neverOccurred } from './coverage.ts';
import { runCrew, type Totals } from './crew.ts';

const HOUR_MS = 3_600_000;
const PROGRESS_MS = 10_000;
/** What the guarantees page says of a run of twelve minutes on two cores; a shorter one has to reach its part. */
const ASKED = { hours: 1_000, operations: 25_000_000, faults: 500_000, seeds: 2_000 };

export const sim: Part = {
  name: 'sim',
  share: 18,
  missing: () => undefined,
  run: async (budget, say) => {
    const totals = await runFor(budget, say);
    const bad = totals.violations[0];
    if (bad?.violation !== undefined) throw new Error(`violation seed=${bad.seed} property=${bad.violation.property}: ${bad.violation.what}`);
    return figures(totals, budget.whole);
  },
};

async function runFor({ seconds, seed: first }: Budget, say: (progress: string) => void): Promise<Totals> {
  const began = performance.now();
  const until = began + seconds * 1_000;
  let seed = first;
  let told = began;
  return runCrew({
    nextSeed: () => (performance.now() < until ? seed++ : undefined),
    untilViolation: true,
    ran: (sofar) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      say(`${sofar.seeds} seeds, ${inMillions(sofar.operations)} operations, ${(sofar.serviceMs / HOUR_MS).toFixed(0)} service-hours, ${Math.round(until - told) / 1_000} s left`);
    },
  });
}

function figures({ seeds, operations, serviceMs, faults, counts }: Totals, whole: number): readonly Figure[] {
  const hours = serviceMs / HOUR_MS;
  const missed = neverOccurred(counts);
  const asked = { hours: ASKED.hours * whole, operations: ASKED.operations * whole, faults: ASKED.faults * whole, seeds: ASKED.seeds * whole };
  return [
    { what: 'seeds without a violation', reached: String(seeds), asked: asked.seeds.toFixed(0), ok: seeds >= asked.seeds },
    { what: 'simulated service-hours', reached: hours.toFixed(0), asked: asked.hours.toFixed(0), ok: hours >= asked.hours },
    { what: 'operations', reached: inMillions(operations), asked: inMillions(asked.operations), ok: operations >= asked.operations },
    { what: 'faults', reached: String(faults), asked: asked.faults.toFixed(0), ok: faults >= asked.faults },
    { what: 'inputs, problems, effects and faults that never occurred', reached: missed.length === 0 ? 'none' : missed.join(', '), asked: 'none', ok: missed.length === 0 || seeds < COVERAGE_SEEDS_MIN },
  ];
}

function inMillions(count: number): string {
  return `${(count / 1_000_000).toFixed(1)} million`;
}
