// Crew: as many threads as there are cores, each running seeds one after another.
//
// Owns who runs which seed. A run that throws is a violation like any other: nothing of the simulator may hide it.

import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Counts, type Entry } from './coverage.ts';
import { simulate, type RunResult } from './world.ts';

/** Most of what a run makes is gone at once: room for it spares copying what is left. */
const YOUNG_MIB = 128;

/** What a thread tells of a run. */
type Told = Omit<RunResult, 'counts' | 'trace'> & { readonly counts: Entry[] };

export interface Totals {
  seeds: number;
  operations: number;
  serviceMs: number;
  faults: number;
  readonly counts: Counts;
  readonly violations: Told[];
}

export interface CrewOptions {
  /** The next seed to run, or undefined when there is no more. */
  readonly nextSeed: () => number | undefined;
  readonly untilViolation: boolean;
  readonly threads?: number;
  readonly ran: (totals: Totals) => void;
}

/** Runs seeds until there are no more, or until the first violation. */
export async function runCrew({ nextSeed, untilViolation, threads = availableParallelism(), ran }: CrewOptions): Promise<Totals> {
  const totals: Totals = { seeds: 0, operations: 0, serviceMs: 0, faults: 0, counts: new Counts(), violations: [] };
  let isOver = false;
  await Promise.all(Array.from({ length: threads }, () => work(
    () => (isOver ? undefined : nextSeed()),
    (told) => {
      add(totals, told);
      if (untilViolation && told.violation !== undefined) isOver = true;
      ran(totals);
    },
  )));
  return totals;
}

function work(next: () => number | undefined, heard: (told: Told) => void): Promise<void> {
  const first = next();
  if (first === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
    const go = (seed: number | undefined): void => {
      if (seed === undefined) void thread.terminate();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
      else thread.postMessage(seed);
    };
    thread.on('message', (told: Told) => {
      heard(told);
      go(next());
    });
    thread.on('error', reject);
    thread.on('exit', () => resolve());
    go(first);
  });
}

function add(totals: Totals, told: Told): void {
  totals.seeds++;
  totals.operations += told.operations;
  totals.serviceMs += told.serviceMs;
  totals.faults += told.faults;
  totals.counts.take(told.counts);
  if (told.violation !== undefined) totals.violations.push(told);
}

async function answer(seed: number): Promise<Told> {
  try {
    const { counts, trace: _, ...told } = await simulate(seed);
    return { ...told, counts: counts.entries() };
  } catch (error) {
    const what = error instanceof Error ? String(error.stack) : String(error);
    return { seed, hash: '', operations: 0, serviceMs: 0, faults: 0, counts: [], violation: { property: 'the simulator does not throw', what, at: 0 } };
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  port.on('message', (seed: number) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
    void answer(seed).then((told) => port.postMessage(told));
  });
}
