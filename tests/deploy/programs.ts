// Programs: whether this machine has Prometheus and its tool, and running the tool.
//
// Owns finding them and the words for their absence. Both come with the Debian package `prometheus`.

import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const RULES_DIR = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url));

/** Why what needs Prometheus is skipped; `undefined` where it is there. */
export function missingForPrometheus(): string | undefined {
  const missing = ['prometheus', 'promtool'].filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0);
  return missing.length === 0 ? undefined : `needs ${missing.join(' and ')} (Debian: prometheus)`;
}

/** What the tool says and its exit code; files are those of deploy/prometheus unless they have a path of their own. */
export async function promtool(args: readonly string[], input = ''): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('promtool', args, { cwd: path.resolve(RULES_DIR), stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve); });
  const [code, out, err] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
  return { code, output: `${out}${err}` };
}
