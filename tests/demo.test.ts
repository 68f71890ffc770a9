// The demo as somebody plays it: a child process, known by what it prints and its exit code.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isGenuine, type Received } from '../demo/receiver.ts';
import { prepareService, WEBHOOK_SECRET, type Finishing, type Options } from './service/harness.ts';

const PROJECT = path.join(import.meta.dirname, '..');
const DEMO_MS_MAX = 120_000;
/** Nothing listens there: the port is reserved. */
const NOBODY = 'http://127.0.0.1:1';

interface Played {
  readonly code: number;
  readonly output: string;
}

function play(url: string): Promise<Played> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HOLDFAST_|VITEST|NODE_OPTIONS)/u.test(name)));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['demo/run.ts', url], { cwd: PROJECT, env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr });
    });
  });
}

async function playAt(context: Finishing, options: Options): Promise<Played> {
  const service = prepareService(context, { ...options, environment: { HOLDFAST_FUNCTIONS_DIR: path.join(PROJECT, 'functions'), ...options.environment } });
  const { http } = await service.start();
  return play(http.origin);
}

function count(output: string, pattern: RegExp): number {
  return [...output.matchAll(pattern)].length;
}

describe.concurrent('the demo', () => {
  test('plays the tutorial on a service of its own where none runs', async () => {
    const { code, output } = await play(NOBODY);
    expect(output).toContain(`Nothing answers at ${NOBODY}`);
    expect(output).toContain('423  lock_held: Ana holds it');
    for (let task = 0; task < 10; task++) expect(count(output, new RegExp(`^ +Task ${task} completed with \\d\\.`, 'gmu'))).toBe(3);
    expect(output).toMatch(/holdfast_lock_waiters\{lock="tutorial"\} [123] /u);
    expect(count(output, /no two at the same time/gu)).toBe(3);
    expect(count(output, /422 lock_not_shareable at \/items\/0\/0/gu)).toBe(6);
    expect(output).toContain('"type": "batch.failed"');
    expect(output).toContain('it is genuine');
    expect(output).toContain('all as told');
    expect(output).not.toMatch(/lse_\w/u);
    expect(code).toBe(0);
  }, DEMO_MS_MAX);

  test('says what to set where the running service sends no callbacks, and shows the rest', async (context) => {
    const { code, output } = await playAt(context, { environment: { HOLDFAST_WEBHOOK_SECRET: undefined } });
    expect(output).toContain('against the service that runs at');
    expect(output.replaceAll(/\s+/gu, ' ')).toContain('set HOLDFAST_WEBHOOK_SECRET, and HOLDFAST_WEBHOOK_ALLOW=127.0.0.1');
    expect(count(output, /^ +Task \d completed/gmu)).toBe(30);
    expect(output).toContain('it is genuine');
    expect(code).toBe(0);
  }, DEMO_MS_MAX);

  test('fails and says why where the service does not know its functions', async (context) => {
    const { code, output } = await playAt(context, { environment: { HOLDFAST_FUNCTIONS_DIR: path.join(PROJECT, 'tests/service/functions') } });
    expect(output).toContain('Not as told');
    expect(output).toContain('HOLDFAST_FUNCTIONS_DIR');
    expect(code).toBe(1);
  }, DEMO_MS_MAX);
});

test('a demo that is interrupted ends its service', async () => {
  expect(await interrupted()).toEqual({ code: 130, running: false });
}, DEMO_MS_MAX);

/** A message as the library signs it. */
function signed(at: Date, body: string): Received {
  const signature = new Webhook(WEBHOOK_SECRET).sign('dlv_1', at, body);
  return { id: 'dlv_1', timestamp: String(Math.floor(at.getTime() / 1_000)), signature, body };
}

test('the receiver of the demo takes what an independent library signed, and nothing else', () => {
  const message = signed(new Date(), '{"type":"batch.failed"}');
  expect(isGenuine(message, WEBHOOK_SECRET)).toBe(true);
  expect(isGenuine({ ...message, signature: `v1,old ${message.signature}` }, WEBHOOK_SECRET)).toBe(true);
  expect(isGenuine({ ...message, body: '{"type":"batch.succeeded"}' }, WEBHOOK_SECRET)).toBe(false);
  expect(isGenuine({ ...message, id: 'dlv_2' }, WEBHOOK_SECRET)).toBe(false);
  expect(isGenuine({ ...message, signature: '' }, WEBHOOK_SECRET)).toBe(false);
  expect(isGenuine(signed(new Date(Date.now() - 3_600_000), message.body), WEBHOOK_SECRET)).toBe(false);
});

/** Plays until the service of the demo is announced, interrupts the demo, and asks whether that service still answers. */
async function interrupted(): Promise<{ readonly code: number | null; readonly running: boolean }> {
  const child = execFile(process.execPath, ['demo/run.ts', NOBODY], { cwd: PROJECT });
  const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
  const url = await new Promise<string>((resolve) => {
    child.stdout?.on('data', (text: string) => {
      const found = /It listens at (?<url>\S+)/u.exec(text)?.groups?.['url'];
      if (found !== undefined) resolve(found);
    });
  });
  child.kill('SIGINT');
  const code = await ended;
  const running = await fetch(`${url}/health/live`).then(() => true, () => false);
  return { code, running };
}
