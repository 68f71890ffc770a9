import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findDuplicate } from '../../src/pool/duplicates.ts';
import { Bench } from './recorder.ts';
import type { ReportOf } from './recorder.ts';

async function folder(modules: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pool-load-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, source] of Object.entries(modules)) {
    if (name.includes('/')) await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), source);
  }
  return path;
}

async function loaded(modules: Readonly<Record<string, string>>): Promise<ReportOf<'workerReady'>> {
  const bench = new Bench(await folder(modules));
  await bench.started();
  return bench.recorder.seen('workerReady');
}

test('a worker reports every exported function of every kind of module, with description and module', async () => {
  const { functions, broken } = await loaded({
    'a.ts': 'export function one(context: unknown): number { return 1; }\none.description = "The first.";\nexport const two = (): void => {};\nexport const notOne = 1;\nexport class Three {}\nexport type Four = string;',
    'b.mts': 'export const five = async (): Promise<void> => {};',
    'c.mjs': 'export function* six() {}\nsix.description = 7;',
    'd.cjs': 'exports.seven = () => 7; module.exports["ei" + "ght"] = () => 8;',
    'e.js': 'export function nine() {}',
    'types.d.ts': 'export declare function ten(): void;',
    'notes.md': '# no module',
    'deeper/f.js': 'export function eleven() {}',
  });
  expect(broken).toEqual([]);
  expect(functions.map(({ name, description, module }) => [name, description, module])).toEqual([
    ['one', 'The first.', 'a.ts'],
    ['two', '', 'a.ts'],
    ['five', '', 'b.mts'],
    ['six', '', 'c.mjs'],
    ['seven', '', 'd.cjs'],
    ['eight', '', 'd.cjs'],
    ['nine', '', 'e.js'],
  ]);
});

test('a default export goes by the name of its function, and one without a name is a problem', async () => {
  const { functions, broken } = await loaded({
    'named.js': 'export default function resize() {}',
    'both.js': 'function crop() {}\nexport { crop, crop as default };',
    'bare.js': 'export default () => 1;\nexport function kept() {}',
    'common.cjs': 'module.exports = function rotate() {};',
  });
  expect(functions.map(({ name, module }) => [name, module])).toEqual([['kept', 'bare.js'], ['crop', 'both.js'], ['rotate', 'common.cjs'], ['resize', 'named.js']]);
  expect(broken).toEqual([{ module: 'bare.js', message: expect.stringContaining('default export has no name') }]);
});

test('a broken module is told with its reason and takes nothing else with it', async () => {
  const { functions, broken } = await loaded({
    'good.js': 'export function fine() {}',
    'missing.js': 'import "./nowhere.js";',
    'syntax.js': 'export function ( {',
    'throws.js': 'throw new RangeError("no configuration");',
    'enum.ts': 'export enum Colour { Red }',
    'frozen.js': 'throw undefined;',
  });
  expect(functions.map(({ name }) => name)).toEqual(['fine']);
  expect(broken.map(({ module }) => module)).toEqual(['enum.ts', 'frozen.js', 'missing.js', 'syntax.js', 'throws.js']);
  expect(broken.find(({ module }) => module === 'throws.js')?.message).toBe('RangeError: no configuration');
  expect(broken.find(({ module }) => module === 'missing.js')?.message).toContain('nowhere.js');
});

test('a folder that is not there is told, and the thread lives', async () => {
  const bench = new Bench(join(await folder({}), 'missing'));
  const worker = await bench.started();
  expect(await bench.recorder.seen('workerReady')).toMatchObject({ functions: [], broken: [{ module: '.', message: expect.stringContaining('the functions folder cannot be read') }] });
  bench.run(worker, 'anything', [1]);
  expect((await bench.settled(worker)).error?.code).toBe('function_not_found');
});

test('two functions of one name are both reported and found', async () => {
  const { functions } = await loaded({
    'a.js': 'export function alone() {}\nexport function twice() {}',
    'b.js': 'export function twice() {}',
  });
  expect(findDuplicate(functions)).toEqual({ name: 'twice', modules: ['a.js', 'b.js'] });
  expect(findDuplicate(functions.slice(1))).toEqual({ name: 'twice', modules: ['a.js', 'b.js'] });
  expect(findDuplicate(functions.slice(0, 2))).toBeUndefined();
});

test('a module that throws later, outside any task, ends the thread with its reason', async () => {
  const bench = new Bench(await folder({ 'late.js': 'setTimeout(() => { throw new Error("too late"); }, 5); export function fine() {}' }));
  const worker = bench.start();
  expect(await bench.ended(worker)).toMatchObject({ message: 'uncaught: Error: too late', logs: '' });
});

test('a module that exits while it loads is told as the end of the worker', async () => {
  const bench = new Bench(await folder({ 'exit.js': 'process.exit(7);' }));
  const worker = bench.start();
  expect(await bench.ended(worker)).toMatchObject({ message: 'the worker exited with code 7' });
});
