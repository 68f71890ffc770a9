// docs/recipes/deploy.md: its script in several pipelines at once, with the command line that it calls.

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../service/harness.ts';
import { Machine } from './machine.ts';
import { writePrograms } from './page.ts';

const PROJECT = path.join(import.meta.dirname, '../..');
const service = sharedService();

interface Pipelines {
  readonly lock: string;
  readonly start: (build: string) => Machine;
  readonly releases: () => string;
}

/** A folder with the script, and a release that notes its begin and its end. */
function prepare(context: TestContext, changes: Readonly<Record<string, string>> = {}): Pipelines {
  const directory = freshDirectory(context);
  const lock = freshName('deploy/');
  const [notes, programs] = [path.join(directory, 'notes'), path.join(directory, 'bin')];
  writePrograms('deploy.md', directory, { 'deploy/production': lock, '--ttl 1m': '--ttl 20s', ...changes });
  writeFileSync(path.join(directory, 'release.sh'), `#!/bin/sh\necho "$1 begins" >> '${notes}'\nsleep 1\necho "$1 ends" >> '${notes}'\n[ "$1" != broken ] || exit 7\n`);
  chmodSync(path.join(directory, 'release.sh'), 0o755);
  writeFileSync(notes, '');
  mkdirSync(programs);
  symlinkSync(path.join(PROJECT, 'bin/holdfast.js'), path.join(programs, 'holdfast'));
  const start = (build: string): Machine => new Machine(context, {
    directory, program: 'deploy.sh', programs, env: { HOLDFAST_URL: service.client.http.origin, BUILD: build },
  });
  return { lock, start, releases: () => readFileSync(notes, 'utf8') };
}

test('deploys run one after another, in the order in which they came', { timeout: 120_000 }, async (context) => {
  const { lock, start, releases } = prepare(context);
  const { id } = await service.client.hold(lock, { ttlMs: 120_000 });
  const machines: Machine[] = [];
  for (const build of ['41', '42', '43']) {
    machines.push(start(build));
    await service.client.waitersReach(lock, machines.length, 40_000);
  }
  await service.client.release(id);
  const ends = await Promise.all(machines.map(({ exited }) => exited));
  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(releases()).toBe('41 begins\n41 ends\n42 begins\n42 ends\n43 begins\n43 ends\n');
});

test('a deploy that does not have its turn in time runs nothing, and says who has it', { timeout: 120_000 }, async (context) => {
  const { lock, start, releases } = prepare(context, { '--wait 30m': '--wait 1s' });
  await service.client.hold(lock, { owner: 'build 40', ttlMs: 120_000 });
  const machine = start('41');
  expect((await machine.exited).code).toBe(75);
  expect(machine.output).toContain('build 40');
  expect(releases()).toBe('');
});

test('the step ends as the release did, and the next has its turn', { timeout: 120_000 }, async (context) => {
  const { start, releases } = prepare(context);
  expect((await start('broken').exited).code).toBe(7);
  expect((await start('42').exited).code).toBe(0);
  expect(releases()).toBe('broken begins\nbroken ends\n42 begins\n42 ends\n');
});
