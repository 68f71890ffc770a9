// Command: `holdfast run` with a connection that carries nothing, that is reset, a service that stands still or is gone,
// and stopped itself. A command under it never outlives its lease, and is spared while the lease is renewed.
//
// Owns how many trials there are and the figures. One trial is in trial.ts.
//   C1. Commands are tried a few at a time: more than the machine has room for would show how slow it is.

import type { Budget, Figure, Part } from '../part.ts';
import { Chance } from '../chance.ts';
import { Host } from './host.ts';
import { dieInTime, dieOnGoingOn, givenRoom, outliveRestart, outliveSilences, type Fault } from './trial.ts';

const SIZE = { count: 5, ttlMs: 4_000 };
const FAULTS: readonly Fault[] = ['silence', 'resets', 'stopped', 'killed'];
/** Rounds of five commands for each fault: a hundred in all. */
const ROUNDS = 5;
const GOING_ON_MS_MAX = 100;

interface Seen {
  readonly marginsMs: number[];
  readonly livedMs: number[];
  spared: number;
  readonly failures: string[];
}

async function run({ seconds, seed }: Budget, say: (progress: string) => void): Promise<readonly Figure[]> {
  const until = performance.now() + seconds * 1_000;
  await using host = await Host.start();
  const chance = new Chance(seed);
  const seen: Seen = { marginsMs: [], livedMs: [], spared: 0, failures: [] };
  for (let round = 0; round < ROUNDS || performance.now() < until; round++) {
    for (const fault of FAULTS) await tried(seen, `${fault}, seed ${seed}`, async () => { seen.marginsMs.push(...await givenRoom(SIZE, (size) => dieInTime(host, fault, size, chance))); });
    await tried(seen, 'going on', async () => { seen.livedMs.push(...await givenRoom(SIZE, (size) => dieOnGoingOn(host, size))); });
    await tried(seen, `silences, seed ${seed}`, async () => {
      await givenRoom(SIZE, (size) => outliveSilences(host, size, 3, chance));
      await givenRoom({ ...SIZE, ttlMs: 25_000 }, (size) => outliveRestart(host, size));
      seen.spared += 2 * SIZE.count;
    });
    say(`${seen.marginsMs.length} commands cut off, ${seen.livedMs.length} stopped, ${seen.spared} spared, ${seen.failures.length} failures`);
  }
  for (const failure of seen.failures) console.error(failure);
  return figures(seen);
}

async function tried(seen: Seen, what: string, trial: () => Promise<void>): Promise<void> {
  try {
    await trial();
  } catch (error) {
    seen.failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function figures({ marginsMs, livedMs, spared, failures }: Seen): Figure[] {
  const late = marginsMs.filter((marginMs) => !(marginMs > 0)).length;
  return [
    { what: 'commands under a run that was cut off', reached: String(marginsMs.length), asked: '100', ok: marginsMs.length >= 100 },
    { what: '  alive, or with a child alive, beyond their lease', reached: String(late), asked: '0', ok: late === 0 },
    { what: '  dead before the end of the lease, at the least', reached: `${Math.min(...marginsMs)} ms`, ok: true },
    { what: 'commands under a run that was stopped itself', reached: String(livedMs.length), ok: livedMs.length > 0 },
    { what: '  alive after it went on, at the most', reached: `${Math.max(...livedMs)} ms`, asked: `${GOING_ON_MS_MAX} ms`, ok: Math.max(...livedMs) <= GOING_ON_MS_MAX },
    { what: 'commands spared over silences and restarts', reached: String(spared), ok: spared > 0 },
    { what: 'told to end or killed while renewed, or other ends', reached: String(failures.length), asked: '0', ok: failures.length === 0 },
  ];
}

export const command: Part = {
  name: 'command',
  share: 1,
  missing: () => (process.platform === 'win32' ? 'process groups, which Windows does not have' : undefined),
  run,
};
