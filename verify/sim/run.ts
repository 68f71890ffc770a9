// The simulator's command line: `npm run sim -- --seed 7` repeats one run, `--seeds 1..200` runs a set of them,
// `--minutes 3` runs seeds until the time is over, on all cores. Ends with 1 on a violation, or when something that a
// set of runs has to meet never occurred.

import { parseArgs } from 'node:util';
import { COVERAGE_SEEDS_MIN, neverOccurred } from './coverage.ts';
import { runCrew, type Totals } from './crew.ts';
import type { Violation } from './judge.ts';
import { simulate } from './world.ts';

const LAST_EVENTS = 60;
const PROGRESS_MS = 5_000;
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    threads: { type: 'string' },
    'until-violation': { type: 'boolean', default: false },
    /** All events of the one run, not only the last ones before a violation. */
    trace: { type: 'boolean', default: false },
  },
});

if (values.seed === undefined) await runSet();
else await runOne(numberOf('seed', values.seed));

/** Throws `RangeError` for what is no number of the kind that an option takes. */
function numberOf(option: string, text: string, kind: 'whole' | 'any' = 'whole'): number {
  const number = Number(text);
  if (text === '' || !(number >= 0) || (kind === 'whole' && !Number.isSafeInteger(number))) throw new RangeError(`--${option} takes a ${kind === 'whole' ? 'whole ' : ''}number of 0 or more, not "${text}"`);
  return number;
}

async function runOne(seed: number): Promise<void> {
  const { hash, operations, faults, serviceMs, violation, trace = [] } = await simulate(seed, { trace: true });
  if (values.trace) console.log(trace.join('\n'));
  else if (violation !== undefined) console.log(trace.slice(-LAST_EVENTS).join('\n'));
  console.log(`seed ${seed} hash ${hash}: ${operations} operations, ${faults} faults, ${(serviceMs / HOUR_MS).toFixed(3)} service-hours`);
  if (violation !== undefined) say(seed, violation);
}

async function runSet(): Promise<void> {
  const [first = 1, last = Infinity] = seedsOf();
  const began = performance.now();
  const until = values.minutes === undefined ? Infinity : began + numberOf('minutes', values.minutes, 'any') * 60_000;
  let seed = first;
  let told = began;
  let said = 0;
  const totals = await runCrew({
    nextSeed: () => (seed <= last && performance.now() < until ? seed++ : undefined),
    untilViolation: values['until-violation'],
    ...(values.threads !== undefined && { threads: Math.max(1, numberOf('threads', values.threads)) }),
    ran: (sofar) => {
      for (; said < sofar.violations.length; said++) say(sofar.violations[said]!.seed, sofar.violations[said]!.violation!);
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      console.log(summary(first, sofar, began));
    },
  });
  console.log(summary(first, totals, began));
  if (totals.violations.length > 0) return replay(totals.violations[0]!.seed);
  if (totals.seeds >= COVERAGE_SEEDS_MIN) sayUncovered(totals);
}

function seedsOf(): number[] {
  if (values.seeds !== undefined) return values.seeds.split('..', 2).map((seed) => numberOf('seeds', seed));
  return values.minutes === undefined ? [1, COVERAGE_SEEDS_MIN] : [Math.floor(Math.random() * 2 ** 31)];
}

function sayUncovered(totals: Totals): void {
  for (const name of neverOccurred(totals.counts)) {
    console.log(`never occurred: ${name}`);
    process.exitCode = 1;
  }
}

/** The same seed gives the same run: this time with its events. */
async function replay(seed: number): Promise<void> {
  if (values['until-violation']) return;
  const { trace = [] } = await simulate(seed, { trace: true });
  console.log(trace.slice(-LAST_EVENTS).join('\n'));
}

function summary(first: number, { seeds, operations, serviceMs, faults }: Totals, began: number): string {
  const seconds = (performance.now() - began) / 1_000;
  return `${seeds} seeds from ${first}: ${operations} operations (${Math.round(operations / seconds)}/s), ${(serviceMs / HOUR_MS).toFixed(1)} service-hours, ${faults} faults in ${seconds.toFixed(1)} s`;
}

function say(seed: number, { property, what, at }: Violation): void {
  console.log(`violation seed=${seed} property=${property}: ${what} (at ${at.toFixed(1)} ms)`);
  process.exitCode = 1;
}
