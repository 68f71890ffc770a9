// Run: a command while a lock is held. What keeps it from outliving its lease is in keeping.test.ts.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { deathOf, isAlive, Program } from '../../verify/command/program.ts';
import { Work } from '../../verify/command/work.ts';
import { freshDirectory, freshName, sharedService, type Finishing } from '../service/harness.ts';
import { until } from '../service/until.ts';
import { at, holdfast, lines } from './holdfast.ts';

const TIMEOUT = { timeout: 90_000 };
const WITHIN_MS = 60_000;
const service = sharedService();
/** A file that is no program. */
const LICENSE = path.join(import.meta.dirname, '../../LICENSE');

/** `holdfast run` around a shell script, in a folder of its own. */
function running(context: Finishing, lock: string, script: string, flags: readonly string[] = []): { readonly program: Program; readonly folder: string; readonly note: (name: string) => Promise<string> } {
  const folder = freshDirectory(context);
  const program = new Program(['run', lock, ...flags, '--', 'sh', '-c', script], at(service), folder);
  context.onTestFinished(async () => { program[Symbol.dispose](); await program.ended; });
  const note = (name: string): Promise<string> => until(`the command notes ${name}`, () => read(path.join(folder, name)), WITHIN_MS);
  return { program, folder, note };
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}

function isStopped(pid: number | undefined): boolean {
  return / T /u.test(read(`/proc/${pid}/stat`));
}

async function isFree(lock: string): Promise<boolean> {
  const { status, body } = await service.client.lock(lock);
  return status === 404 || body.state === 'unlocked';
}

describe('the command', () => {
  test.concurrent('runs while the lock is held, knows it and its fencing token, and its exit code is passed on', TIMEOUT, async (context) => {
    const lock = freshName('orders/42');
    const { program, note } = running(context, lock, 'echo "$HOLDFAST_LOCK $HOLDFAST_FENCING_TOKEN" > told; while [ ! -e end ]; do sleep 0.02; done; exit 7', ['--owner', 'Ana']);
    const told = await note('told');
    const { body } = await service.client.lock(lock);
    expect(body.holders[0]?.owner).toBe('Ana');
    expect(told).toBe(`${lock} ${body.holders[0]?.fencingToken}`);
    program.signal('SIGTERM');
    expect((await program.finished()).code).toBe(143);
    expect(await isFree(lock)).toBe(true);
  });

  test.concurrent.for([
    ['its own code', 'exit 7', 7],
    ['success', 'exit 0', 0],
    ['the end by a signal, as a shell tells it', 'kill -USR1 $$', 138],
  ] as const)('ends run with %s', TIMEOUT, async ([, script, code]) => {
    const lock = freshName();
    const ended = await holdfast(['run', lock, '--json', '--', 'sh', '-c', script], at(service));
    expect(ended.code).toBe(code);
    expect(lines(ended.stderr)).toEqual([expect.objectContaining({ event: 'acquired', lock }), { event: 'ended', lock, exitCode: code }]);
    expect(await isFree(lock)).toBe(true);
  });

  test.concurrent('reads and writes the files of run as its own', TIMEOUT, async () => {
    expect(await holdfast(['run', freshName(), '--', 'cat', '-'], at(service), 'through\n')).toEqual({ code: 0, stdout: 'through\n', stderr: '' });
  });

  test.concurrent('gets every argument as it is, flags too', TIMEOUT, async () => {
    const { stdout } = await holdfast(['run', freshName(), '--', 'printf', '%s.', '--ttl', 'a b', '--', '$HOME'], at(service));
    expect(stdout).toBe('--ttl.a b.--.$HOME.');
  });

  test.concurrent.for([
    ['no-such-command', 127, 'command_not_found'],
    [LICENSE, 126, 'command_not_runnable'],
  ] as const)('that cannot be started (%s) ends run with %d and leaves the lock free', TIMEOUT, async ([command, code, problem]) => {
    const lock = freshName();
    const ended = await holdfast(['run', lock, '--json', '--', command], at(service));
    expect(ended.code).toBe(code);
    expect(lines(ended.stderr)).toContainEqual(expect.objectContaining({ event: 'error', code: problem }));
    expect(await isFree(lock)).toBe(true);
  });
});

describe('waiting', () => {
  test.concurrent('a lock that others hold ends run with 75, and nothing ran', TIMEOUT, async () => {
    const lock = freshName();
    await service.client.hold(lock, { owner: 'Ben' });
    const refused = await holdfast(['run', lock, '--', 'echo', 'ran'], at(service));
    expect(refused).toMatchObject({ code: 75, stdout: '', stderr: expect.stringContaining('held by Ben') });
  });

  test.concurrent('its turn comes when the lock is free', TIMEOUT, async (context) => {
    const lock = freshName();
    const { id } = await service.client.hold(lock, { owner: 'Ben' });
    const { program } = running(context, lock, 'echo ran', ['--wait', '60s', '--json']);
    await service.client.waitersReach(lock, 1, WITHIN_MS);
    await until('it says for whom it waits', () => lines(program.stderr).some(({ event }) => event === 'waiting'), WITHIN_MS);
    await service.client.release(id);
    expect(await program.finished()).toMatchObject({ code: 0, stdout: 'ran\n' });
  });

  test.concurrent('a signal ends the waiting at once, and its place in line is left', TIMEOUT, async (context) => {
    const lock = freshName();
    await service.client.hold(lock);
    const { program } = running(context, lock, 'echo ran', ['--wait', '60s']);
    await service.client.waitersReach(lock, 1, WITHIN_MS);
    program.signal('SIGINT');
    expect(await program.finished()).toMatchObject({ code: 130, stdout: '' });
    expect(await service.client.waiterCount(lock)).toBe(0);
  });
});

describe('signals', () => {
  test.concurrent.for(['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)('%s reaches the command and what it started, and the lock is held until both have ended', TIMEOUT, async (signal, context) => {
    const lock = freshName();
    const name = signal.slice(3);
    const child = `trap 'echo child > child-heard; exit' ${name}; echo $$ > child; while :; do sleep 0.02; done`;
    const { program, note } = running(context, lock, `sh -c "${child.replaceAll('$', String.raw`\$`)}" & trap 'echo heard > heard; wait; exit 3' ${name}; echo $$ > begun; while :; do sleep 0.02; done`);
    await note('begun');
    await note('child');
    program.signal(signal);
    expect((await program.finished()).code).toBe(3);
    expect([await note('heard'), await note('child-heard')]).toEqual(['heard', 'child']);
    expect(await isFree(lock)).toBe(true);
  });

  test.concurrent('a stop from the terminal stops the command too, and it goes on while the lease lives', TIMEOUT, async (context) => {
    const { program, note } = running(context, freshName(), 'echo $$ > begun; exec sleep 60', ['--ttl', '60s']);
    const pid = Number(await note('begun'));
    program.signal('SIGTSTP');
    // A shell between a fork and what it runs would not show that it is stopped, so there is none. Whoever waits for `run`,
    // as a shell does, lets it go on only when it has stopped itself.
    await until('the command and run are stopped', () => isStopped(pid) && isStopped(program.process.pid), WITHIN_MS);
    program.signal('SIGCONT');
    await until('the command goes on', () => !isStopped(pid), WITHIN_MS);
    program.signal('SIGTERM');
    expect((await program.finished()).code).toBe(143);
  });
});

describe('the end', () => {
  test.concurrent('what the command left in its group is ended before the lock is free', TIMEOUT, async (context) => {
    const lock = freshName();
    const { program, note } = running(context, lock, `sh -c "echo \\$\\$ > left; while :; do sleep 0.1; done" & while [ ! -e left ]; do sleep 0.02; done; exit 4`);
    const left = Number(await note('left'));
    const ended = await program.finished();
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('left processes behind') });
    expect(isAlive(left)).toBe(false);
    expect(await isFree(lock)).toBe(true);
  });

  test.concurrent('a lock that is revoked ends everything with SIGKILL and run with 76', TIMEOUT, async (context) => {
    const lock = freshName();
    using work = new Work('stubborn');
    using program = new Program(['run', lock, '--ttl', '15s', '--json', '--', ...work.command], at(service), work.folder);
    const pids = await work.begun(program);
    context.onTestFinished(async () => { await program.ended; });
    await service.client.revoke(lock);
    const ended = await program.finished();
    expect(ended.code).toBe(76);
    expect(lines(ended.stderr)).toContainEqual(expect.objectContaining({ event: 'lost', reason: 'revoked', command: 'killed' }));
    expect(pids.some(isAlive)).toBe(false);
  });

  test.concurrent('run that is killed itself takes the command and all of its group with it', TIMEOUT, async (context) => {
    const child = `sh -c 'trap "" USR2; echo $$ > child; while :; do sleep 0.1; done'`;
    const { program, note } = running(context, freshName(), `trap "echo heard > heard" USR2; ${child} & echo $$ > begun; while :; do sleep 0.1; done`);
    const pids = [Number(await note('begun')), Number(await note('child'))];
    // What run passes on it passes on once the guard was told of the group: the command itself may be faster.
    program.signal('SIGUSR2');
    await note('heard');
    program.signal('SIGKILL');
    await deathOf(pids, 10_000);
    expect(pids.some(isAlive)).toBe(false);
  });
});
