// Folders: where images and recordings stand, gone when the process ends.
//
// Owns choosing memory over a disk: what is in them was torn on purpose, and thousands are made.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const made: string[] = [];

process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new folder in memory, where the system has such a place. */
export function newFolder(prefix: string): string {
  const folder = mkdtempSync(join(isWritable(MEMORY) ? MEMORY : tmpdir(), prefix));
  made.push(folder);
  return folder;
}

/** A new folder where programs may be run from. */
export function newProgramFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  made.push(folder);
  return folder;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
