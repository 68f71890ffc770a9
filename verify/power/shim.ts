// Shim: builds disk.c, and the environment with which a process has it below its files.
//
// Owns the compiler's call and the names of the variables; what they mean stands at the head of disk.c.

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { newProgramFolder } from './folders.ts';

const SOURCE = join(import.meta.dirname, 'disk.c');

export interface Watch {
  /** Files at or below this folder are watched. It must be there. */
  readonly root: string;
  readonly recording?: string;
  readonly marks?: string;
  readonly trace?: string;
  /** As in disk.c: `fdatasync:/data/journal/data.mdb:3:EIO`. */
  readonly fault?: string;
  /** The fault counts from when this file is there. */
  readonly arm?: string;
}

/** Why this machine cannot put anything between a process and its files, or `undefined` when it can. */
export function missingForShim(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux (LD_PRELOAD)';
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'needs gcc and the C library\'s headers (Debian: gcc libc6-dev)';
}

let built: string | undefined;

/** The path of the library, built once for each process, in a folder that is removed when the process ends. */
function library(): string {
  if (built === undefined) {
    const path = join(newProgramFolder('holdfast-shim-'), 'disk.so');
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', path, SOURCE, '-ldl', '-lpthread']);
    built = path;
  }
  return built;
}

export function watching({ root, recording, marks, trace, fault, arm }: Watch): Record<string, string> {
  const named = { DISK_ROOT: root, DISK_RECORDING: recording, DISK_MARKS: marks, DISK_TRACE: trace, DISK_FAULT: fault, DISK_ARM: arm };
  const set = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return { ...Object.fromEntries(set), LD_PRELOAD: library() };
}
