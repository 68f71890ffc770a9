// deploy/holdfast.service: systemd's own word on the unit, and the service under what the unit takes from it.
//
// Owns the check without a running systemd: the unit's system calls are compared with those that a working service
// makes, and its read-only system is made by a mount of this test's own.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { FUNCTIONS_DIR, freshDirectory } from '../service/harness.ts';
import { HoldfastClient } from '../service/client.ts';
import { until } from '../service/until.ts';
import { missing } from '../missing.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const UNIT = readFileSync(path.join(PROJECT, 'deploy/holdfast.service'), 'utf8');
/** Of ten; systemd calls 2 and less OK. In tenths, as the tool takes it. */
const EXPOSURE_MAX = 15;
const STOP_S_MAX = 15;
/** What SQLite does to its files when it runs as root, as here, and not as the unit's user. */
const AS_ROOT_ONLY = new Set(['fchown']);

/** All values of a setting, in their order. */
function settings(name: string): readonly string[] {
  return [...UNIT.matchAll(new RegExp(`^${name}=(?<value>.*)$`, 'gmu'))].map(({ groups }) => groups?.['value'] ?? '');
}

/** The unit for the checkout that the test runs in, in a file. */
function unitFile(directory: string): string {
  const file = path.join(directory, 'holdfast.service');
  writeFileSync(file, UNIT.replaceAll('/opt/holdfast/node_modules/node/bin/node', process.execPath).replaceAll('/opt/holdfast', PROJECT));
  return file;
}

describe('deploy/holdfast.service', () => {
  test('runs what `npm start` runs', () => {
    const { scripts }: { readonly scripts: { readonly start: string } } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'));
    expect(settings('ExecStart')).toEqual(['/opt/holdfast/node_modules/node/bin/node bin/serve.js']);
    expect(scripts.start).toContain('exec node bin/serve.js');
  });

  test('keeps its data in its state directory, which it alone can read', () => {
    expect(settings('StateDirectory')).toEqual(['holdfast']);
    expect(settings('StateDirectoryMode')).toEqual(['0700']);
    expect(settings('Environment').join(' ')).toContain('HOLDFAST_DATA_DIR=/var/lib/holdfast');
  });

  test('waits longer for a stop than an orderly stop may take', () => {
    expect(Number(settings('TimeoutStopSec')[0])).toBeGreaterThan(STOP_S_MAX);
  });

  test('does not forbid memory that is written and run, which V8 needs', () => {
    expect(settings('MemoryDenyWriteExecute')).toEqual([]);
  });
});

describe.skipIf(missing({ 'systemd-analyze': '--version' }, 'systemd on deploy/holdfast.service'))('systemd on deploy/holdfast.service', { timeout: 60_000 }, () => {
  test('takes every line of it', (context) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', unitFile(freshDirectory(context))], { encoding: 'utf8' });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  test('finds it well shut in', (context) => {
    const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', `--threshold=${EXPOSURE_MAX}`, '--no-pager', unitFile(freshDirectory(context))], { encoding: 'utf8' });
    const open = stdout.split('\n').filter((line) => line.includes('✗') || line.includes('→'));
    expect({ status, open }).toMatchObject({ status: 0 });
  });
});

/** The sets of system calls that systemd knows, each with its calls and the sets in it. */
function callSets(): ReadonlyMap<string, readonly string[]> {
  const { stdout } = spawnSync('systemd-analyze', ['syscall-filter', '--no-pager'], { encoding: 'utf8' });
  const sets = stdout.split(/^(?=@)/mu).map((text) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')));
  return new Map(sets.map(([name, ...calls]) => [name ?? '', calls]));
}

/** The calls that the unit's filters leave. */
function allowedCalls(): ReadonlySet<string> {
  const sets = callSets();
  const calls = (name: string): readonly string[] => (name.startsWith('@') ? (sets.get(name) ?? []).flatMap(calls) : [name]);
  const allowed = new Set(calls('@default'));
  for (const filter of settings('SystemCallFilter')) {
    const denied = filter.startsWith('~');
    for (const call of filter.replace('~', '').split(' ').flatMap(calls)) {
      if (denied) allowed.delete(call);
      else allowed.add(call);
    }
  }
  // A deny list takes nothing away from what is always permitted.
  for (const call of calls('@default')) allowed.add(call);
  return allowed;
}

/** Whether this user may mount and trace, as root of a container may not. */
function mayMountAndTrace(): boolean {
  return spawnSync('unshare', ['--mount', 'sh', '-c', 'mount --make-rprivate / && mount -o remount,ro,bind / && strace -f -o /dev/null true'], { stdio: 'ignore' }).status === 0;
}

/** Runs a service beside strace where only its data and a /tmp of its own can be written, has it work, and stops it. */
async function callsOfWork(context: TestContext): Promise<{ readonly calls: ReadonlySet<string>; readonly code: number | null; readonly output: string }> {
  const directory = freshDirectory(context);
  const [data, temporary, trace] = ['data', 'tmp', 'trace'].map((name) => path.join(directory, name));
  mkdirSync(data!);
  mkdirSync(temporary!);
  writeFileSync(trace!, '');
  const shut = 'mount --make-rprivate / && for kept in "$1" "$2" "$3"; do mount --bind "$kept" "$kept"; done && mount -o remount,ro,bind / && ! touch "$0" 2>&- && shift && shift && trace=$1 && shift && exec strace -D -f -qq -o "$trace" "$@"';
  const child = spawn('unshare', ['--mount', 'sh', '-c', shut, path.join(PROJECT, 'written'), data!, temporary!, trace!, process.execPath, 'bin/serve.js'], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], TMPDIR: temporary, HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: data, HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR, HOLDFAST_WORKERS: '2' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  context.onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const origin = await until('the service is ready', () => (child.exitCode === null ? /"address":"(?<address>[^"]+)"/u.exec(output)?.groups?.['address'] : output), 50_000);
  await work(origin);
  child.kill('SIGTERM');
  const code = await ended;
  const calls = readFileSync(trace!, 'utf8').matchAll(/^\d+ +(?<name>[a-z_0-9]+)\(/gmu);
  return { calls: new Set([...calls].map(({ groups }) => groups?.['name'] ?? '')), code, output };
}

async function work(origin: string): Promise<void> {
  const client = new HoldfastClient(origin);
  const { id } = await client.hold('orders/42');
  await client.release(id);
  expect((await client.run({ function: 'tryOnce', items: ['first', 'second'] })).batch.state).toBe('succeeded');
  await client.ask('GET', '/metrics');
  await client.http.close();
}

describe.skipIf(missing({ 'systemd-analyze': '--version', unshare: '--version', strace: '--version' }, 'the service as shut in as its unit'))('the service as shut in as deploy/holdfast.service has it', { timeout: 90_000 }, () => {
  test('works where only its data can be written, and makes no system call that the unit refuses', async (context) => {
    context.skip(!mayMountAndTrace(), 'this user may not mount and trace');
    const { calls, code, output } = await callsOfWork(context);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('"msg":"stopping"') });
    expect(calls).toContain('mmap');
    expect(calls).toContain('fdatasync');
    const allowed = allowedCalls();
    expect([...calls].filter((call) => !allowed.has(call) && !AS_ROOT_ONLY.has(call))).toEqual([]);
  });
});
