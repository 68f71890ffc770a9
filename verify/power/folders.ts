// Folders: where images and recordings stand, gone when the process ends, unless something failed.
//
// Owns choosing memory over a disk: what is in them was torn on purpose, and thousands are made.

import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const made: string[] = [];

process.once('exit', removeFolders);

/** Removes all of them now, for a process that may be ended from outside. */
export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Leaves them where they are, and says where: what failed can be looked at and run again. */
export function keepFolders(): string {
  return `kept: ${made.splice(0).join(' ')}`;
}

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
