// etcd on one node, in a temporary folder, as it comes: every change flushed before it is answered.

import { spawn } from 'node:child_process';
import { end, freePort, listens, temporaryFolder, type Server } from '../children.ts';
import { findProgram } from './programs.ts';

/** Undefined where it is not installed. */
export async function startEtcd(): Promise<Server | undefined> {
  const program = findProgram('etcd');
  if (program === undefined) return undefined;
  const folder = temporaryFolder();
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program, [
    '--data-dir', folder.path, '--listen-client-urls', address, '--advertise-client-urls', address, '--listen-peer-urls', peer,
    '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--logger', 'zap', '--log-level', 'error',
  ], { stdio: 'ignore' });
  await listens(port, child, 'etcd');
  return {
    address, pid: child.pid!,
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGKILL');
      folder[Symbol.dispose]();
    },
  };
}
