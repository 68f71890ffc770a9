// Starting: what the environment and the functions folder may say, and what ends the start with a reason.

import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, prepareService } from '../harness.ts';
import type { Environment } from '../child.ts';
import { sample } from '../metrics.ts';
import { until } from '../until.ts';

const REFUSED: readonly (readonly [string, Environment, RegExp])[] = [
  ['an unknown variable', { HOLDFAST_WORKER: '2' }, /HOLDFAST_WORKER\b/u],
  ['a port that is no number', { HOLDFAST_PORT: 'http' }, /HOLDFAST_PORT/u],
  ['a port out of range', { HOLDFAST_PORT: '65536' }, /HOLDFAST_PORT/u],
  ['a port that Kubernetes made', { HOLDFAST_PORT: 'tcp://10.0.0.1:7420' }, /enableServiceLinks: false/u],
  ['a number of workers that is none', { HOLDFAST_WORKERS: '0' }, /HOLDFAST_WORKERS/u],
  ['a foreign address without tokens', { HOLDFAST_HOST: '0.0.0.0' }, /HOLDFAST_TOKENS|token/u],
  ['a webhook secret of another form', { HOLDFAST_WEBHOOK_SECRET: 'a-plain-word' }, /HOLDFAST_WEBHOOK_SECRET/u],
  ['an allowed address that is none', { HOLDFAST_WEBHOOK_ALLOW: '127.0.0.1,nowhere' }, /HOLDFAST_WEBHOOK_ALLOW/u],
  ['a log level that is none', { HOLDFAST_LOG_LEVEL: 'loud' }, /HOLDFAST_LOG_LEVEL/u],
  ['a durability that is none', { HOLDFAST_DURABILITY: 'none' }, /HOLDFAST_DURABILITY must be flush .* or os /u],
  ['a token floor that is no number', { HOLDFAST_TOKEN_FLOOR: '-1' }, /HOLDFAST_TOKEN_FLOOR/u],
];

test.concurrent.for(REFUSED)('%s ends the start with its name', { timeout: 120_000 }, async ([, environment, reason], context) => {
  const service = prepareService(context);
  const child = service.spawn(environment);
  expect(await child.ready()).toBeUndefined();
  expect((await child.exited).code).toBeGreaterThan(0);
  expect(child.output).toMatch(reason);
  expect(child.output).not.toContain('a-plain-word');
});

test.concurrent('variables that others set for the service\'s users are let be', { timeout: 120_000 }, async (context) => {
  const service = prepareService(context);
  const client = await service.start({ HOLDFAST_LOCK: 'a', HOLDFAST_FENCING_TOKEN: '7', HOLDFAST_SERVICE_HOST: '10.0.0.1', HOLDFAST_PORT_7420_TCP_ADDR: '10.0.0.1' });
  expect((await client.acquire('lock')).status).toBe(201);
});

test.concurrent.for([['flush', false], ['os', true]] as const)('the log and the metrics say that acknowledgements are worth: %s', { timeout: 120_000 }, async ([durability, isWarned], context) => {
  const service = prepareService(context);
  const client = await service.start({ HOLDFAST_DURABILITY: durability });
  expect(service.output.includes('a power cut can take it back, and fencing tokens may repeat')).toBe(isWarned);
  expect(service.output).toMatch(new RegExp(`"durability":"${durability}","msg":"ready"`, 'u'));
  expect(sample((await client.ask('GET', '/metrics')).text, 'holdfast_journal_durability', { durability })).toBe(1);
});

test.concurrent('a token floor lifts the fencing tokens of a restored directory', { timeout: 120_000 }, async (context) => {
  const service = prepareService(context);
  const client = await service.start({ HOLDFAST_TOKEN_FLOOR: '5000000' });
  expect((await client.hold('lock')).fencingToken).toBeGreaterThan(5_000_000);
  const after = await service.killAndRestart();
  expect((await after.hold('other')).fencingToken).toBeGreaterThan(5_000_000);
});

test.concurrent('a module that cannot be loaded spoils none of the others', { timeout: 120_000 }, async (context) => {
  const directory = freshDirectory(context);
  await writeFile(path.join(directory, 'good.ts'), 'export function good(context: unknown, item: number): number { return item + 1; }\n');
  await writeFile(path.join(directory, 'plain.js'), 'export const value = 7;\nexport async function fromJavaScript(context, item) { return item * 2; }\n');
  await writeFile(path.join(directory, 'broken.ts'), 'export function broken( { \n');
  await writeFile(path.join(directory, 'throwing.ts'), 'throw new Error("at its start");\nexport function throwing() {}\n');
  const service = prepareService(context);
  const client = await service.start({ HOLDFAST_FUNCTIONS_DIR: directory });
  expect((await client.functions()).body.functions.map(({ name }) => name).toSorted()).toEqual(['fromJavaScript', 'good']);
  expect((await client.run({ function: 'good', items: [1] })).results[0]?.value).toBe(2);
  expect((await client.run({ function: 'fromJavaScript', items: [4] })).results[0]?.value).toBe(8);
  for (const name of ['broken', 'throwing', 'value']) expect((await client.submit({ function: name, items: [1] })).body.code).toBe('function_not_found');
  expect((await client.ask('GET', '/health/ready')).text).toContain('broken.ts');
});

test.concurrent('two functions with one name end the start with that name', { timeout: 120_000 }, async (context) => {
  const directory = freshDirectory(context);
  for (const file of ['one.ts', 'two.ts']) await writeFile(path.join(directory, file), 'export function twice(): void {}\n');
  const child = prepareService(context).spawn({ HOLDFAST_FUNCTIONS_DIR: directory });
  expect((await child.exited).code).toBeGreaterThan(0);
  expect(child.output).toContain('twice');
});

test.concurrent('a service without functions serves locks and says that there are none', { timeout: 120_000 }, async (context) => {
  const directory = freshDirectory(context);
  await mkdir(path.join(directory, 'empty'));
  const client = await prepareService(context).start({ HOLDFAST_FUNCTIONS_DIR: path.join(directory, 'empty') });
  expect((await client.acquire('lock')).status).toBe(201);
  expect((await client.functions()).body.functions).toEqual([]);
  expect((await client.ask('GET', '/health/ready')).status).toBe(200);
});

test.concurrent('what a module prints while it is loaded disturbs nobody', { timeout: 120_000 }, async (context) => {
  const directory = freshDirectory(context);
  await writeFile(path.join(directory, 'loud.ts'), 'console.log("loading");\nexport function loud(): string { console.log("running"); return "done"; }\n');
  const client = await prepareService(context).start({ HOLDFAST_FUNCTIONS_DIR: directory });
  const { results } = await client.run({ function: 'loud', items: [1] });
  expect(results[0]).toMatchObject({ value: 'done', logs: 'running\n' });
});

test.concurrent('a signal that comes while the service is loaded ends it in order', { timeout: 120_000 }, async (context) => {
  const tell = 'process.on("newListener",(name)=>name==="SIGTERM"&&process._rawDebug("hears"))';
  const child = prepareService(context).spawn({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` });
  await until('it hears signals', () => child.output.includes('hears'), 40_000);
  child.signal('SIGTERM');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.output).not.toContain('ready');
});

test.concurrent('what was compiled for one start is kept for the next, where nobody else can write', { timeout: 120_000 }, async (context) => {
  const kept = path.join(import.meta.dirname, '../../../node_modules/.cache/holdfast');
  await prepareService(context).start({ NODE_COMPILE_CACHE: undefined });
  await until('it is kept', async () => (await stat(kept)).isDirectory(), 10_000);
  expect((await stat(kept)).mode & 0o022).toBe(0);
});
