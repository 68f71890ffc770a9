// Hunt: the simulator run on a copy with a bug in it, until a checker complains.
//
// Owns the process that runs it, and reading what it says.
//   H1. A bug counts as caught by a violation that the simulator names with its seed, and by nothing else: a copy that
//       does not run, or says nothing in time, is an error, and so is one that breaks the simulator itself: nobody would
//       make such a mistake and go on.
//   H2. A seed that shows a violation without the bug too has not caught it.

import { execFile } from 'node:child_process';
import { copyWith, dropCopy } from './copy.ts';
import type { PlantedBug } from './bug.ts';

/** The seeds that a bug may take at the most. */
export const SEEDS_MAX = 200;
/** Far above what the simulator needs for that many seeds. */
const HUNT_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const VIOLATION = /^violation seed=(?<seed>\d+) property=(?<property>[^:]+): (?<told>.*)$/mu;

/** A bug may keep something from ever occurring: that is no violation yet. */
const UNCOVERED = /^never occurred: /mu;

/** What the crew says of a run that could not be ended. */
const THROWN = 'the simulator does not throw';

/** What a checker said. */
export interface Catch {
  readonly seed: number;
  readonly property: string;
  readonly told: string;
}

/** The first of the seeds `first` to `last` that catches the bug. (H2) */
export async function hunt(bug: PlantedBug, first: number, last: number): Promise<Catch | undefined> {
  for (let seed = first; seed <= last; seed++) {
    const found = await violation(bug, seed, last);
    if (found === undefined || (await withoutBug(found.seed)) === undefined) return found;
    ({ seed } = found);
  }
  return undefined;
}

const innocent = new Map<number, Promise<Catch | undefined>>();

/** What a seed shows without a bug: the same for all bugs. */
function withoutBug(seed: number): Promise<Catch | undefined> {
  const known = innocent.get(seed) ?? violation(undefined, seed, seed);
  innocent.set(seed, known);
  return known;
}

/**
 * Runs the simulator with seeds `first` to `last` until one shows a violation. Without a bug it runs the project as it
 * is. Throws when the simulator itself did not run to its end.
 */
export async function violation(bug: PlantedBug | undefined, first: number, last: number): Promise<Catch | undefined> {
  const folder = await copyWith(bug);
  try {
    const { code, output } = await run(folder, ['verify/sim/run.ts', '--seeds', `${first}..${last}`, '--until-violation', '--threads', '1']);
    const found = VIOLATION.exec(output)?.groups;
    if (code === 1 && found !== undefined && found['property'] !== THROWN) return { seed: Number(found['seed']), property: found['property']!, told: found['told']! };
    if (found === undefined && (code === 0 || (code === 1 && UNCOVERED.test(output)))) return undefined;
    throw new Error(`${bug?.name ?? 'the copy without a bug'}: the simulator ended with ${code}:\n${output.slice(-2_000)}`);
  } finally {
    await dropCopy(folder);
  }
}

/** `code` is a text for a process that could not be run or was ended. */
function run(cwd: string, args: readonly string[]): Promise<{ readonly code: number | string; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: HUNT_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'no code'), output: `${stdout}\n${stderr}` });
    });
  });
}
