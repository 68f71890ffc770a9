// Service: the one that the demo talks to, found running or started for it.
//
// Owns a child process and its data directory, which end with the demo. A service that was found is left as it was.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Holdfast, type Batch, type Problem } from './holdfast.ts';
import { hold, NotAsTold, say } from './page.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const NEEDED = ['add', 'fail', 'drawWithLock', 'drawWithInitializedLock', 'drawWithGlobalLock', 'useLock'];

export interface Running {
  readonly holdfast: Holdfast;
  /** What its callbacks are signed with, as far as the demo knows. */
  readonly secret: string | undefined;
  close(): Promise<void>;
}

/** The service at `url`, or one of the demo's own where nothing answers. */
export async function findService(url: string): Promise<Running> {
  const found = new Holdfast(url, firstOf(process.env['HOLDFAST_TOKENS']));
  if (!(await answers(found))) {
    say(`Nothing answers at ${url}, so the demo starts a service of its own: four worker threads, a temporary data directory, a webhook secret, and callbacks allowed to 127.0.0.1.`);
    const own = await startService();
    say(`It listens at ${own.holdfast.url} and ends with the demo.`);
    return own;
  }
  say(`This is played against the service that runs at ${url}.`);
  const { functions } = await found.must<{ functions: readonly { name: string }[] }>(200, 'GET', '/v1/functions');
  const missing = NEEDED.filter((name) => !functions.some((known) => known.name === name));
  hold(missing.length === 0, `the service knows the functions of this project's folder "functions"; ${missing.join(', ')} are missing, so start it with HOLDFAST_FUNCTIONS_DIR set to that folder`);
  return { holdfast: found, secret: firstOf(process.env['HOLDFAST_WEBHOOK_SECRET']), close: async () => {} };
}

/** The same service if it calls `url` and signs with a secret that the demo knows; otherwise one of the demo's own. */
export async function serviceWithCallbacks(running: Running, url: string): Promise<Running> {
  const why = await whyNoCallbacks(running, url);
  if (why === undefined) return running;
  say(`(What follows needs callbacks. ${why} Here the demo goes on with a service of its own, on another port and with a temporary data directory.)`);
  return startService();
}

/** A batch without items that has an error callback tells whether callbacks work, and calls nobody. */
async function whyNoCallbacks({ holdfast, secret }: Running, url: string): Promise<string | undefined> {
  const probe = { function: 'fail', items: [], errorCallback: { url } };
  const { body } = await holdfast.ask<Partial<Batch & Problem>>('POST', '/v1/batches', probe);
  switch (body.code) {
    case undefined: return secret === undefined ? 'The running service sends them; start the demo with the same HOLDFAST_WEBHOOK_SECRET so that it can check their signatures.' : undefined;
    case 'callbacks_not_configured': return 'The running service has none configured: set HOLDFAST_WEBHOOK_SECRET, and HOLDFAST_WEBHOOK_ALLOW=127.0.0.1 as the receiver is on this machine, for the service and for the demo.';
    case 'address_not_allowed': return 'The running service may not call this machine: set HOLDFAST_WEBHOOK_ALLOW=127.0.0.1 for it.';
    default: throw new NotAsTold(`a batch without items is accepted; it was refused as ${body.code}`);
  }
}

async function answers(holdfast: Holdfast): Promise<boolean> {
  try {
    const { body } = await holdfast.ask<{ status?: string }>('GET', '/health/ready');
    return body.status === 'ready';
  } catch {
    return false;
  }
}

async function startService(): Promise<Running> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'holdfast-demo-'));
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const child = spawn(process.execPath, ['bin/serve.js'], {
    cwd: PROJECT,
    env: {
      ...withoutHoldfast(process.env),
      HOLDFAST_PORT: '0',
      HOLDFAST_DATA_DIR: dataDir,
      HOLDFAST_WORKERS: '4',
      HOLDFAST_WEBHOOK_SECRET: secret,
      HOLDFAST_WEBHOOK_ALLOW: '127.0.0.1',
      HOLDFAST_SHUTDOWN_GRACE_MS: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const close = async (): Promise<void> => {
    await end(child);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    return { holdfast: new Holdfast(await addressOf(child), undefined), secret, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where the service says that it listens. */
async function addressOf(child: ChildProcess): Promise<string> {
  hold(child.stdout !== null, 'the output of the service can be read');
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, address }: { msg?: string; address?: string } = JSON.parse(line);
    if (msg === 'ready' && address !== undefined) {
      child.stdout.resume();
      return address;
    }
  }
  throw new NotAsTold('a service starts');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

function withoutHoldfast(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('HOLDFAST_')));
}

/** The first of a comma-separated list. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim();
}
