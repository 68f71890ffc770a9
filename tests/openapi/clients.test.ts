// Generated clients, as docs/clients.md makes them: what the page says to type is typed, what it shows to run is run,
// and then each client goes through the whole story against a live service, on locks whose names have a `/`.
//
// Owns how the page meets a service of this test. The order is the page's: programs need what was generated before.

import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf } from '../readme/blocks.ts';
import { differencesFrom } from '../readme/match.ts';
import { Shell } from '../readme/shell.ts';
import { sharedService } from '../service/harness.ts';
import { Project } from './project.ts';

const PAGE = readFileSync(path.join(import.meta.dirname, '../../docs/clients.md'), 'utf8');
const PROGRAM = /^```ts\n(?<text>\/\/ (?<name>[a-z-]+\.ts)\n[\s\S]*?)^```$/gmu;
const PROGRAMS = [...PAGE.matchAll(PROGRAM)].map(({ groups = {} }) => ({ name: groups['name'] ?? '', text: groups['text'] ?? '' }));
const SCENARIOS = ['openapi-fetch', 'hey-api', 'orval'];
const PACKAGES = ['openapi-typescript', 'openapi-fetch', '@hey-api/openapi-ts', 'orval', '@types/node'];
/** Generators, compilers and starts take their time where a machine has much else to do. */
const STEP_MS_MAX = 90_000;
const RESTARTS_MS_MAX = 240_000;

const service = sharedService();
const shared: { project?: Project; shell?: Shell } = {};

function project(): Project {
  if (shared.project === undefined) throw new Error('there is no project yet');
  return shared.project;
}

beforeAll(() => {
  shared.project = new Project(PACKAGES, service.client.http.origin);
  shared.shell = new Shell(project().dir, project().environment);
  for (const { name, text } of PROGRAMS) project().write(name, text);
  cpSync(path.join(import.meta.dirname, 'scenarios'), project().dir, { recursive: true });
});
afterAll(() => {
  shared.shell?.close();
  shared.project?.remove();
});

describe('docs/clients.md', () => {
  test('shows a program for each of three clients', () => {
    expect(PROGRAMS.map(({ name }) => name)).toEqual(['with-openapi-fetch.ts', 'with-hey-api.ts', 'with-orval.ts']);
  });

  test.for(blocksOf(PAGE))('what it says on line $line is so', { timeout: STEP_MS_MAX }, async ({ commands, answer }) => {
    const typed = await shared.shell?.type(commands.replaceAll('http://127.0.0.1:7420', service.client.http.origin));
    expect(typed).toMatchObject({ status: 0 });
    expect(answer === undefined ? [] : differencesFrom(answer, typed?.output ?? '')).toEqual([]);
  });
});

describe('a generated client', () => {
  test('compiles under strict, with the programs of the page and the story that uses it', { timeout: STEP_MS_MAX }, async () => {
    const complaints = await project().check({
      strict: true, target: 'esnext', module: 'nodenext', types: ['node'], allowImportingTsExtensions: true, erasableSyntaxOnly: true, verbatimModuleSyntax: true,
    });
    expect(complaints).toBe('');
  });

  test.for(SCENARIOS)('of %s acquires, waits, renews, is refused by type, releases, and runs a batch', { timeout: STEP_MS_MAX }, async (scenario) => {
    const lock = `${scenario}/1`;
    expect(JSON.parse(await project().play(`${scenario}.ts`, 'play', lock))).toEqual({
      names: [[lock], [lock]],
      refused: { status: 423, code: 'lock_held', holders: [{ owner: 'Ana', byFirst: true }] },
      line: ['Ben'],
      renewed: 45_000,
      released: 204,
      tokenRose: true,
      lost: { status: 410, code: 'lease_lost', reason: 'released' },
      batch: 'succeeded',
      results: [{ index: 0, state: 'succeeded', value: 3 }, { index: 1, state: 'succeeded', value: 7 }],
    });
  });

  test('of each kind keeps its place by its key while the service is killed, stopped and started anew', { timeout: RESTARTS_MS_MAX }, async () => {
    const locks = SCENARIOS.map((scenario) => `${scenario}/2`);
    const leases = await Promise.all(locks.map((lock) => service.client.hold(lock, { owner: 'Ana', ttlMs: 600_000 })));
    const enduring = SCENARIOS.map((scenario) => project().play(`${scenario}.ts`, 'endure', `${scenario}/2`));
    const allWait = (): Promise<unknown> => Promise.all(locks.map((lock) => service.client.waitersReach(lock, 1, 30_000)));
    await allWait();
    await service.killAndRestart();
    await allWait();
    await service.stopAndRestart();
    await allWait();
    await Promise.all(leases.map(({ id }) => service.client.release(id)));
    const seen = (await Promise.all(enduring)).map((text): { readonly state: string; readonly tries: number } => JSON.parse(text));
    expect(seen.map(({ state }) => state)).toEqual(['held', 'held', 'held']);
    expect(Math.min(...seen.map(({ tries }) => tries))).toBeGreaterThan(2);
  });
});
