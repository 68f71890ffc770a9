// Compiled: what Node makes of the project's files is kept for all processes that a verification starts.
//
// Owns the folder. Most of these processes live for a second, and compiling what they run would take half of it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** From now on, until this process ends. */
export function keepCompiled(): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-compiled-'));
  process.env['NODE_COMPILE_CACHE'] = folder;
  process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });
}
