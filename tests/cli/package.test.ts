// The package with the command and the service as it is packed: unpacked elsewhere, beside its dependencies alone.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { Child } from '../service/child.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const MS_MAX = 120_000;
const run = promisify(execFile);

const home = mkdtempSync(path.join(tmpdir(), 'holdfast-packed-'));
const installed = path.join(home, 'node_modules/holdfast');
const command = path.join(installed, 'bin/holdfast.js');

beforeAll(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', home], { cwd: PROJECT });
  const [{ filename } = { filename: '' }]: { readonly filename: string }[] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/mu))));
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', path.join(home, filename), '-C', installed, '--strip-components=1']);
  const { dependencies }: { readonly dependencies: object } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const place = path.join(home, 'node_modules', name);
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(path.join(PROJECT, 'node_modules', name), place);
  }
}, MS_MAX);

afterAll(() => { rmSync(home, { recursive: true, force: true }); });

test('the command of the packed package says its version and needs no TypeScript', { timeout: MS_MAX }, async () => {
  expect((await run(process.execPath, [command, '--version'], { cwd: home })).stdout).toContain(VERSION);
  expect([existsSync(path.join(installed, 'src')), existsSync(path.join(installed, 'dist/main.js'))]).toEqual([false, true]);
});

test('it serves locks and runs functions of its user', { timeout: MS_MAX }, async () => {
  const child = new Child({ HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: path.join(home, 'data'), HOLDFAST_FUNCTIONS_DIR: path.join(PROJECT, 'functions'), NODE_COMPILE_CACHE: undefined }, [command, 'serve']);
  const address = await child.ready();
  const ask = async (where: string, body: object): Promise<Response> =>
    fetch(`${address}${where}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  expect((await ask('/v1/locks/packed/leases', {})).status).toBe(201);
  expect(await (await ask('/v1/batches', { function: 'add', call: 'starmap', items: [[1, 2]], waitMs: 20_000 })).json()).toMatchObject({ results: [{ value: 3 }] });
  expect((await fetch(`${address}/openapi.json`)).status).toBe(200);
  child.signal('SIGTERM');
  expect(await child.exited).toEqual({ code: 0, signal: null });
});
