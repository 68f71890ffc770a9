// Record: lets the committer run below the shim, through a kill in the middle of a commit or a power cut, to an orderly end.
//
//   A1. What a process is said to have written before it was killed is what the next one finds: a recording with a write
//       that was never made would blame the journal for images that no power cut leaves. Compared each time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Durability } from '../../src/journal/journal.ts';
import { Chance } from '../chance.ts';
import { Disk, MOODS } from './files.ts';
import { newFolder } from './folders.ts';
import { DATA, Images, type Recorded } from './images.ts';
import { readRecordings } from './recording.ts';
import { watching } from './shim.ts';

const COMMITTER = join(import.meta.dirname, 'committer.ts');
const STORE = join(DATA, 'journal', 'data.mdb');

/** Records commits 1 to `commits`; the process is killed in the middle one, and a second one goes on. */
export async function record(seed: number, commits: number, durability: Durability = 'flush'): Promise<Recorded> {
  const folder = newFolder('holdfast-recording-');
  const root = join(folder, 'root');
  mkdirSync(root);
  const recordings = [join(folder, 'first'), join(folder, 'second')];
  const [first = '', second = ''] = recordings;
  await run({ folder, root, recording: first }, [seed, Math.ceil(commits / 2), 'killed', durability]);
  assertAsRecorded(root, first, join(folder, 'read back'));
  await run({ folder, root, recording: second }, [seed, commits, 'closed', durability]);
  return { root, recordings, seed };
}

/** Records what a process does that starts after a power cut and goes on to `commits`: power fails more than once. */
export async function recordAfterCut(seed: number, commits: number): Promise<Recorded> {
  const folder = newFolder('holdfast-recording-');
  const [root, before, base] = [join(folder, 'root'), join(folder, 'before'), join(folder, 'base')];
  mkdirSync(before);
  await run({ folder, root: before, recording: join(folder, 'first') }, [seed, Math.ceil(commits / 2), 'killed']);
  const images = new Images({ root: before, recordings: [join(folder, 'first')], seed }, 'all');
  const chance = new Chance(seed);
  const truth = images.build(chance.int(Math.floor(images.cuts / 4), images.cuts - 1), base, chance, chance.pick(MOODS));
  cpSync(base, root, { recursive: true });
  await run({ folder, root, recording: join(folder, 'second') }, [seed, commits, 'closed']);
  return { root, recordings: [join(folder, 'second')], seed, base: { folder: base, truth } };
}

/** Builds in `folder` what the recording says of the files below `root`. (A1) */
function assertAsRecorded(root: string, recording: string, folder: string): void {
  const disk = new Disk(root);
  for (const entry of readRecordings([recording])) disk.take(entry);
  disk.build(folder, new Chance(0), 'everything');
  const [found, recorded] = [readFileSync(join(root, STORE)), readFileSync(join(folder, STORE))];
  if (!found.equals(recorded)) throw new Error(`${root} is not what ${recording} says`);
}

async function run({ folder, root, recording }: { folder: string; root: string; recording: string }, rest: readonly (string | number)[]): Promise<void> {
  const marks = join(folder, 'marks');
  const child = spawn(process.execPath, [COMMITTER, join(root, DATA), marks, ...rest.map(String)], {
    env: { ...process.env, NODE_OPTIONS: '', ...watching({ root, recording, marks }) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the committer ended with ${signal ?? code}`);
}
