// Children: the processes that are measured, and those that measure.
//
// Owns their lives: each announces its address in a line of JSON, as the service does, and is gone when the run ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

export interface Server extends AsyncDisposable {
  /** As a URL, without a slash at its end. */
  readonly address: string;
}

type Environment = Readonly<Record<string, string>>;

/** Starts a script of this project and waits until it says where it listens. */
export async function startServer(script: string, environment: Environment = {}): Promise<Server> {
  const child = spawn(process.execPath, [script], {
    cwd: PROJECT, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const told: unknown = line.startsWith('{') ? JSON.parse(line) : {};
    if (typeof told !== 'object' || told === null || !('address' in told)) continue;
    child.stdout.resume();
    return {
      address: String(told.address),
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
  throw new Error(`${script} ended before it listened`);
}

/** The real service, on a data directory of its own that goes with it. */
export async function startService(environment: Environment = {}): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const server = await startServer('src/main.ts', {
    HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: dataDir, HOLDFAST_FUNCTIONS_DIR: 'bench/functions', HOLDFAST_SHUTDOWN_GRACE_MS: '0', ...environment,
  });
  return {
    address: server.address,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs a program to its end and returns what it wrote as JSON; undefined where there is no such program. */
export async function output(program: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(program, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part; });
  try {
    const [code] = await exited;
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${String(code)}`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text);
}
