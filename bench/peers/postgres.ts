// PostgreSQL in a temporary folder. Its programs refuse to run as root: then they run as the user that Debian makes for them.

import { execFileSync, spawn } from 'node:child_process';
import { chownSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { end, freePort, listens, temporaryFolder, type Server } from '../children.ts';
import { findProgram } from './programs.ts';

const CONNECTIONS_MAX = 300;

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** Undefined where it is not installed. */
export async function startPostgres(): Promise<Server | undefined> {
  const initdb = findProgram('initdb');
  const program = findProgram('postgres');
  if (initdb === undefined || program === undefined) return undefined;
  const folder = temporaryFolder();
  const user = serverUser();
  chmodSync(folder.path, 0o700);
  if (user.uid !== undefined) chownSync(folder.path, user.uid, user.gid!);
  const data = join(folder.path, 'data');
  const options = { cwd: folder.path, stdio: 'ignore', ...user } as const;
  execFileSync(initdb, ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync'], options);
  const port = await freePort();
  const child = spawn(program, ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.path, '-c', `max_connections=${CONNECTIONS_MAX}`, '-c', 'log_min_messages=fatal'], options);
  await listens(port, child, 'postgres');
  return {
    address: `postgres://bench@127.0.0.1:${port}/postgres`, pid: child.pid!,
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGINT');
      folder[Symbol.dispose]();
    },
  };
}

function serverUser(): User {
  if (process.getuid?.() !== 0) return {};
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}
