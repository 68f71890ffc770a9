// Missing: what single tests need beyond Node, programs of Debian packages. Where one is not there, a line says so.

import { spawnSync } from 'node:child_process';

/** Whether a program answers to being asked for its version. */
function there(program: string, question: string): boolean {
  return spawnSync(program, [question], { stdio: 'ignore' }).status === 0;
}

/** Whether one of the programs is not there, and then a line about it. Each comes with the question that it answers without doing anything. */
export function missing(programs: Readonly<Record<string, string>>, subject: string): boolean {
  const gone = Object.entries(programs).filter(([program, question]) => !there(program, question)).map(([program]) => program);
  if (gone.length > 0) console.warn(`skipped, as ${gone.join(' and ')} is not installed: ${subject}`);
  return gone.length > 0;
}
