// Copy: the project in a folder of its own, where a bug may be planted.
//
// Owns the folder. The project itself is never changed.
//   C1. A folder has the name of one that was dropped before, if there is one: what Node keeps of a file that it compiled
//       it finds again by the file's name.

import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plant, type PlantedBug } from './bug.ts';

/** The folder of the project. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What the simulator is made of, and runs. */
const COPIED = ['package.json', 'src', 'verify/chance.ts', 'verify/part.ts', 'verify/sim'] as const;

const dropped: string[] = [];
let made = 0;

/** Makes a copy, with a bug in it or with none; the caller drops it. (C1) */
export async function copyWith(bug?: PlantedBug): Promise<string> {
  const folder = dropped.pop() ?? join(tmpdir(), `holdfast-planted-${process.pid}-${made += 1}`);
  await mkdir(folder);
  for (const path of COPIED) await cp(join(PROJECT, path), join(folder, path), { recursive: true });
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  if (bug !== undefined) await writeFile(join(folder, bug.file), plant(await readFile(join(PROJECT, bug.file), 'utf8'), bug));
  return folder;
}

export async function dropCopy(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  dropped.push(folder);
}
