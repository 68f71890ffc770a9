// Record: lets the committer run below the shim, through a kill in the middle of a commit and an orderly end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DATA, type Recorded } from './images.ts';
import { newFolder } from './folders.ts';
import { watching } from './shim.ts';

const COMMITTER = join(import.meta.dirname, 'committer.ts');

/** Records commits 1 to `commits`; the process is killed in the middle one, and a second one goes on. */
export async function record(seed: number, commits: number): Promise<Recorded> {
  const folder = newFolder('holdfast-recording-');
  const root = join(folder, 'root');
  mkdirSync(root);
  const recordings = [join(folder, 'first'), join(folder, 'second')];
  const [first = '', second = ''] = recordings;
  await run({ folder, root, recording: first }, [seed, Math.ceil(commits / 2), 'killed']);
  await run({ folder, root, recording: second }, [seed, commits, 'closed']);
  return { root, recordings, seed };
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
