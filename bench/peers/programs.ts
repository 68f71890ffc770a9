// Programs: where a peer's program is, if it is installed at all.

import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps PostgreSQL's programs by version, outside of the path. */
const BESIDE = ['/usr/sbin', ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed()];

/** Its path; undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...BESIDE];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
