// Service: the real service, started as an operator starts it, on a data directory of its own.
//
// Owns its environment: logs off, no grace at its end, the benchmark's functions. Ready is the first 200 of
// `/health/ready`, as a client sees it.

import { spawn } from 'node:child_process';
import { end, environmentWith, freePort, listens, PROJECT, temporaryFolder, type Server } from './children.ts';

export interface Service extends Server {
  readonly dataDir: string;
  /** From the start of the process to its first 200. */
  readonly readyMs: number;
}

export interface ServiceOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** One that outlives the service; without it, a new one that goes with it. */
  readonly dataDir?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

export async function startService({ environment = {}, dataDir, node = [] }: ServiceOptions = {}): Promise<Service> {
  const folder = dataDir === undefined ? temporaryFolder() : undefined;
  const port = await freePort();
  const path = dataDir ?? folder!.path;
  const began = performance.now();
  const child = spawn(process.execPath, [...node, 'bin/serve.js'], {
    cwd: PROJECT, // With options of Node's own, such as the inspector's, Node talks there too.
    stdio: ['ignore', 'inherit', node.length === 0 ? 'inherit' : 'ignore'],
    env: environmentWith({
      HOLDFAST_PORT: String(port), HOLDFAST_DATA_DIR: path, HOLDFAST_FUNCTIONS_DIR: 'bench/functions', HOLDFAST_LOG_LEVEL: 'silent', ...environment,
    }),
  });
  await listens(port, child, 'the service');
  const address = `http://127.0.0.1:${port}`;
  const ready = await fetch(`${address}/health/ready`);
  if (ready.status !== 200) throw new Error(`the service is not ready: ${ready.status}`);
  return {
    address, dataDir: path, pid: child.pid!, readyMs: performance.now() - began,
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGKILL');
      folder?.[Symbol.dispose]();
    },
  };
}
