// The simulator's command line: `npm run sim -- --seed 7` repeats one run, `--seeds 1..200` runs a set of them,
// `--minutes 3` runs seeds until the time is over, on all cores. Ends with 1 on a violation.

import { parseArgs } from 'node:util';
import { simulate } from './world.ts';
import { Counts, COVERAGE_SEEDS_MIN, neverOccurred } from './coverage.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    'until-violation': { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

if (values.seed !== undefined) {
  const result = await simulate(Number(values.seed), { trace: true });
  const lines = result.trace ?? [];
  if (values.trace || result.violation !== undefined) for (const line of values.trace ? lines : lines.slice(-60)) console.log(line);
  console.log(`seed ${result.seed} hash ${result.hash}: ${result.operations} operations, ${result.faults} faults, ${(result.serviceMs / 3_600_000).toFixed(3)} service-hours`);
  if (result.violation !== undefined) say(result.seed, result.violation);
} else {
  const [first = 1, last = 200] = (values.seeds ?? '1..200').split('..').map(Number);
  const began = performance.now();
  const counts = new Counts();
  let operations = 0;
  let hours = 0;
  let faults = 0;
  let violated = false;
  let seed = first;
  for (; seed <= last; seed++) {
    const result = await simulate(seed);
    operations += result.operations;
    hours += result.serviceMs / 3_600_000;
    faults += result.faults;
    counts.take(result.counts.entries());
    if (result.violation === undefined) continue;
    say(seed, result.violation);
    violated = true;
    if (values['until-violation']) break;
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(`seeds ${first}..${Math.min(seed, last)}: ${operations} operations (${Math.round(operations / seconds)}/s), ${hours.toFixed(1)} service-hours, ${faults} faults in ${seconds.toFixed(1)} s`);
  if (!violated && last - first + 1 >= COVERAGE_SEEDS_MIN) for (const name of neverOccurred(counts)) { console.log(`never occurred: ${name}`); process.exitCode = 1; }
}

function say(seed: number, { property, what, at }: { property: string; what: string; at: number }): void {
  console.log(`violation seed=${seed} property=${property}: ${what} (at ${at.toFixed(1)} ms)`);
  process.exitCode = 1;
}
