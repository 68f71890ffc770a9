// The package as it is published: packed, unpacked beside nothing else, and used as its README says.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Service } from '../service/harness.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const PACKAGE = path.join(PROJECT, 'packages/client');
const MS_MAX = 120_000;
const run = promisify(execFile);

/** The README's blocks of TypeScript, each a program of its own. */
const BLOCKS = [...readFileSync(path.join(PACKAGE, 'README.md'), 'utf8').matchAll(/^```ts\n(?<text>[\s\S]*?)^```$/gmu)].map(({ groups = {} }) => groups['text'] ?? '');

const home = mkdtempSync(path.join(tmpdir(), 'holdfast-package-'));
const installed = path.join(home, 'node_modules/@holdfast/client');
const service = new Service({ environment: { HOLDFAST_FUNCTIONS_DIR: path.join(PROJECT, 'functions') } });

beforeAll(async () => {
  await Promise.all([service.start(), install()]);
  for (const [nth, block] of BLOCKS.entries()) {
    writeFileSync(path.join(home, `block-${nth}.ts`), block.replaceAll('http://127.0.0.1:7420', service.client.http.origin));
  }
}, MS_MAX);

afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true, force: true });
});

/** As `npm publish` and `npm install` would bring it here. */
async function install(): Promise<void> {
  await run('npm', ['run', 'build'], { cwd: PACKAGE });
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', home], { cwd: path.join(PACKAGE, 'dist') });
  const [{ filename } = { filename: '' }]: { readonly filename: string }[] = Object.values(JSON.parse(stdout));
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', path.join(home, filename), '-C', installed, '--strip-components=1']);
  writeFileSync(path.join(home, 'package.json'), '{"type": "module"}');
}

describe('the published package', () => {
  test('plain JavaScript imports it and runs under a lock', { timeout: MS_MAX }, async () => {
    writeFileSync(path.join(home, 'plain.js'), `
      import { Holdfast } from '@holdfast/client';
      console.log(await new Holdfast({ url: process.argv[2] }).lock('from/plain').run(({ fencingToken }) => fencingToken > 0));
    `);
    const { stdout } = await run(process.execPath, ['plain.js', service.client.http.origin], { cwd: home });
    expect(stdout).toBe('true\n');
  });

  test('it loads and runs where there is nothing but what browsers have', { timeout: MS_MAX }, async () => {
    const program = path.join(import.meta.dirname, 'browser.js');
    const { stdout } = await run(process.execPath, ['--experimental-vm-modules', program, installed, service.client.http.origin]);
    expect(stdout).toBe('ran\n');
  });

  test('it depends on nothing, and its files are those that its package.json names', () => {
    const published: Record<string, unknown> = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
    expect(published).toMatchObject({ name: '@holdfast/client', type: 'module', exports: { '.': { types: './holdfast.d.ts', default: './holdfast.js' } } });
    expect(Object.keys(published).filter((member) => /dependencies|scripts/iu.test(member))).toEqual([]);
    expect(readFileSync(path.join(installed, 'README.md'), 'utf8')).toContain('# @holdfast/client');
  });
});

describe('the README', () => {
  test('its blocks are TypeScript that strict users of Node and of browsers can compile', { timeout: MS_MAX }, async () => {
    const tsc = path.join(PROJECT, 'node_modules/.bin/tsc');
    const base = { target: 'esnext', strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false };
    const configs = {
      node: { ...base, module: 'nodenext', lib: ['esnext'], types: ['node'], typeRoots: [path.join(PROJECT, 'node_modules/@types')] },
      browser: { ...base, module: 'esnext', moduleResolution: 'bundler', lib: ['esnext', 'dom'], types: [] },
    };
    for (const [name, compilerOptions] of Object.entries(configs)) {
      writeFileSync(path.join(home, `${name}.json`), JSON.stringify({ compilerOptions, include: ['block-*.ts'] }));
      const outcome: unknown = await run(tsc, ['--project', `${name}.json`], { cwd: home }).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ stdout: '' });
    }
  });

  test.for(BLOCKS.map((text, nth) => ({ nth, says: text.split('\n').find((line) => /holdfast\.|new Holdfast/u.test(line)) })))(
    'its block $nth runs against a live service: $says', { timeout: MS_MAX }, async ({ nth }) => {
      const { stderr } = await run(process.execPath, [`block-${nth}.ts`], { cwd: home });
      expect(stderr).toBe('');
    },
  );
});
