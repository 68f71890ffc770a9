// Redis in a temporary folder, with every change flushed before it is answered, as ours is.

import { spawn } from 'node:child_process';
import { end, freePort, listens, temporaryFolder, type Server } from '../children.ts';
import { findProgram } from './programs.ts';

/** Undefined where it is not installed. */
export async function startRedis(): Promise<Server | undefined> {
  const program = findProgram('redis-server');
  if (program === undefined) return undefined;
  const folder = temporaryFolder();
  const port = await freePort();
  const child = spawn(program, [
    '--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '',
    '--loglevel', 'warning',
  ], { stdio: 'ignore' });
  await listens(port, child, 'redis-server');
  return {
    address: `redis://127.0.0.1:${port}`, pid: child.pid!,
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGKILL');
      folder[Symbol.dispose]();
    },
  };
}
