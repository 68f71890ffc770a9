// docs/recipes/leader.md: its program in several processes, of which one leads whatever becomes of the others.

import { expect, test, type TestContext } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../service/harness.ts';
import { until } from '../service/until.ts';
import { Machine } from './machine.ts';
import { writePrograms } from './page.ts';

const service = sharedService();

/** Long enough for a machine that has much to do, as one with many tests has. */
const LEASE_MS = 60_000;
const SHORT_LEASE_MS = 5_000;

/** Processes that stand in line for a lock in their order: the first leads. */
async function candidates(context: TestContext, lock: string, count: number, ttlMs: number): Promise<readonly Machine[]> {
  const directory = freshDirectory(context);
  writePrograms('leader.md', directory, { 'leaders/scheduler': lock, 'ttlMs: 15_000': `ttlMs: ${ttlMs}` });
  const machines: Machine[] = [];
  for (let index = 0; index < count; index += 1) {
    const machine = new Machine(context, { directory, program: 'scheduler.js', env: { HOLDFAST_URL: service.client.http.origin, HOSTNAME: `machine-${index}` } });
    machines.push(machine);
    if (index === 0) await machine.says('leading with');
    else await service.client.waitersReach(lock, index, 40_000);
  }
  return machines;
}

/** The fencing token with which a process leads or led last. */
function tokenOf(machine: Machine): number {
  const tokens = [...machine.output.matchAll(/^leading with (?<token>\d+)$/gmu)].map(({ groups }) => Number(groups?.['token']));
  return tokens.at(-1) ?? 0;
}

function turnsOf(machine: Machine): number {
  return machine.output.match(/^scheduled with/gmu)?.length ?? 0;
}

/** Just after the leader has done its work, when it is pausing. */
async function afterATurn(leader: Machine): Promise<void> {
  const turns = turnsOf(leader);
  await until('the leader does its work', () => turnsOf(leader) > turns);
}

test('a leader that dies is followed by who waits longest, with a higher token', { timeout: 120_000 }, async (context) => {
  const lock = freshName('leaders/');
  const [first, second, third] = await candidates(context, lock, 3, SHORT_LEASE_MS);
  first!.signal('SIGKILL');
  await second!.says('leading with', SHORT_LEASE_MS + 40_000);
  expect(tokenOf(second!)).toBeGreaterThan(tokenOf(first!));
  expect(third!.output).toBe('');
});

test('a leader that is told to stop gives the lock back, and ends well', { timeout: 120_000 }, async (context) => {
  const lock = freshName('leaders/');
  const [first, second] = await candidates(context, lock, 2, LEASE_MS);
  first!.signal('SIGTERM');
  expect(await first!.exited).toEqual({ code: 0, signal: null });
  await second!.says('leading with');
  expect(tokenOf(second!)).toBeGreaterThan(tokenOf(first!));
});

test('a leader that stood still for longer than its lease does nothing more as a leader', { timeout: 120_000 }, async (context) => {
  const lock = freshName('leaders/');
  const [first, second] = await candidates(context, lock, 2, SHORT_LEASE_MS);
  await afterATurn(first!);
  first!.signal('SIGSTOP');
  await second!.says('leading with', SHORT_LEASE_MS + 40_000);
  const turns = turnsOf(first!);
  first!.signal('SIGCONT');
  await first!.says('not leading:');
  expect(turnsOf(first!)).toBe(turns);
  expect(tokenOf(second!)).toBeGreaterThan(tokenOf(first!));
});

test('a leader whose lock is taken away makes room, and stands in line again', { timeout: 120_000 }, async (context) => {
  const lock = freshName('leaders/');
  const [first, second] = await candidates(context, lock, 2, LEASE_MS);
  await service.client.revoke(lock, { reason: 'another machine is wanted' });
  await second!.says('leading with');
  await first!.says('not leading:');
  await service.client.waitersReach(lock, 1, 40_000);
  expect((await service.client.lock(lock)).body.holders).toMatchObject([{ fencingToken: tokenOf(second!) }]);
});

test('a restart of the service changes no leader', { timeout: 120_000 }, async (context) => {
  const lock = freshName('leaders/');
  const [first, second] = await candidates(context, lock, 2, LEASE_MS);
  const client = await service.killAndRestart();
  await afterATurn(first!);
  expect((await client.lock(lock)).body.holders).toMatchObject([{ fencingToken: tokenOf(first!) }]);
  expect(first!.output).not.toContain('not leading');
  expect(second!.output).not.toContain('leading with');
});
