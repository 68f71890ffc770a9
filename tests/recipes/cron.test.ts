// docs/recipes/cron.md: its script on several machines at once.

import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, type TestContext } from 'vitest';
import { missing } from '../missing.ts';
import { freshDirectory, startService } from '../service/harness.ts';
import { Machine } from './machine.ts';
import { writePrograms } from './page.ts';

const MACHINES = 5;

/** A folder with the script and a job that notes its runs. */
function prepare(context: TestContext): { readonly directory: string; readonly runs: () => string } {
  const directory = freshDirectory(context);
  const notes = path.join(directory, 'runs');
  writePrograms('cron.md', directory);
  writeFileSync(path.join(directory, 'report.sh'), `#!/bin/sh\necho "$1" >> '${notes}'\n`);
  chmodSync(path.join(directory, 'report.sh'), 0o755);
  appendFileSync(notes, '');
  return { directory, runs: () => readFileSync(notes, 'utf8') };
}

describe.skipIf(missing({ curl: '--version' }, 'the recipe for cron, typed with curl'))('cron on many machines', { timeout: 120_000 }, () => {
  test('a job runs on one machine each time, also when another comes late', async (context) => {
    const { http } = (await startService(context)).client;
    const { directory, runs } = prepare(context);
    const machines = (day: string) => Array.from({ length: MACHINES }, () =>
      new Machine(context, { directory, program: 'nightly.sh', args: [day], env: { HOLDFAST_URL: http.origin } }));
    const codes = async (day: string) => Promise.all(machines(day).map(async ({ exited }) => (await exited).code));
    expect(await codes('2026-03-01')).toEqual(Array.from({ length: MACHINES }, () => 0));
    expect(runs()).toBe('2026-03-01\n');
    expect(await codes('2026-03-01')).toEqual(Array.from({ length: MACHINES }, () => 0));
    expect(runs()).toBe('2026-03-01\n');
    await codes('2026-03-02');
    expect(runs()).toBe('2026-03-01\n2026-03-02\n');
  });

  test('a job does not run when the lock was not to be had, and that is an error', async (context) => {
    const service = await startService(context);
    const { directory, runs } = prepare(context);
    const env = { HOLDFAST_URL: service.client.http.origin };
    const refused = new Machine(context, { directory, program: 'nightly.sh', args: ['not a day'], env });
    expect((await refused.exited).code).not.toBe(0);
    await service.kill();
    const unheard = new Machine(context, { directory, program: 'nightly.sh', env });
    expect((await unheard.exited).code).not.toBe(0);
    expect(unheard.output).not.toBe('');
    expect(runs()).toBe('');
  });
});
