// Children: the processes that are measured, and those that measure.
//
// Owns their lives: each is gone when the run ends, and what it kept in a temporary folder with it. Does not own what is
// asked of them.
//   C1. Nothing that a caller set for another service reaches a child: the environment's own HOLDFAST_ names are dropped.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const READY_MS_MAX = 240_000;
const POLL_MS = 5;

export interface Server extends AsyncDisposable {
  /** As a URL, without a slash at its end. */
  readonly address: string;
  readonly pid: number;
}

type Environment = Readonly<Record<string, string>>;

/** (C1) */
export function environmentWith(own: Environment): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|NODE_OPTIONS)/u.test(name));
  return { ...Object.fromEntries(inherited), ...own };
}

/** How a script is started, beside its name. */
export interface ScriptOptions {
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

/** Starts a script of this project that says where it listens in a line of JSON. */
export async function startServer(script: string, { args = [], node = [] }: ScriptOptions = {}): Promise<Server> {
  // With options such as the inspector's Node talks on standard error.
  const child = spawn(process.execPath, [...node, script, ...args], { cwd: PROJECT, env: environmentWith({}), stdio: ['ignore', 'pipe', node.length === 0 ? 'inherit' : 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { address }: { address: string } = JSON.parse(line);
    child.stdout.resume();
    return { address, pid: child.pid!, [Symbol.asyncDispose]: () => end(child, 'SIGKILL') };
  }
  throw new Error(`${script} ended before it listened`);
}

/** Ends a process that this run started, and resolves when it has ended. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** A folder for a child's files. Where the system keeps it in memory a flush costs nothing: see README.md. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (typeof bound !== 'object' || bound === null) throw new Error('no port is free');
  return bound.port;
}

/** Resolves when something accepts connections there. Where nothing does, it ends the process and throws. */
export async function listens(port: number, child: ChildProcess, what: string): Promise<void> {
  try {
    await untilAccepted(port, child, what);
  } catch (error) {
    await end(child, 'SIGKILL');
    throw error;
  }
}

async function untilAccepted(port: number, child: ChildProcess, what: string): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${what} ended before it listened`);
    if (performance.now() > deadline) throw new Error(`${what} did not listen within ${READY_MS_MAX} ms`);
    await delay(POLL_MS);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Runs a program to its end and returns what it wrote as JSON; undefined where there is no such program. */
export async function output<Told>(program: string, args: readonly string[]): Promise<Told | undefined> {
  const child = spawn(program, args, { cwd: PROJECT, env: environmentWith({}), stdio: ['ignore', 'pipe', 'inherit'] });
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
  const told: Told = JSON.parse(text);
  return told;
}
