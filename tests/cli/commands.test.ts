// Commands: what each of them prints, for people and for programs, and how it ends.

import { describe, expect, test } from 'vitest';
import { freshName, sharedService, startService } from '../service/harness.ts';
import { at, holdfast, lines } from './holdfast.ts';

const TIMEOUT = { timeout: 90_000 };
const service = sharedService();

describe('holding a lock by hand', () => {
  test.concurrent('acquire prints the id of the lease alone, and renew and release take it', TIMEOUT, async () => {
    const name = freshName('by/hand');
    const acquired = await holdfast(['acquire', name, '--ttl', '10m', '--owner', 'Ana'], at(service));
    expect(acquired).toMatchObject({ code: 0, stdout: expect.stringMatching(/^lse_[\w-]+\n$/u) });
    expect(acquired.stderr).toMatch(/is held until .* \(fencing token \d+\)/u);
    expect((await service.client.lock(name)).body.holders[0]).toMatchObject({ owner: 'Ana' });

    const id = acquired.stdout.trim();
    const renewed = await holdfast(['renew', id, '--ttl', '1h', '--json'], at(service));
    expect(lines(renewed.stdout)).toEqual([expect.objectContaining({ id, state: 'held', ttlMs: 3_600_000 })]);

    const unseen = await holdfast(['renew', '-', '--ttl', '30m', '--json'], at(service), `${id}\n`);
    expect(lines(unseen.stdout)).toEqual([expect.objectContaining({ id, ttlMs: 1_800_000 })]);
    expect(await holdfast(['release', '-'], at(service), id)).toEqual({ code: 0, stdout: 'released\n', stderr: '' });
    const late = await holdfast(['renew', id, '--json'], at(service));
    expect(late).toMatchObject({ code: 76, stdout: '' });
    expect(lines(late.stderr)).toEqual([expect.objectContaining({ event: 'error', code: 'lease_lost', reason: 'released', exitCode: 76 })]);
  });

  test.concurrent('a lock that others hold is not acquired, and the error says who has it and what to do', TIMEOUT, async () => {
    const name = freshName();
    await service.client.hold(name, { owner: 'Ben' });
    const refused = await holdfast(['acquire', name], at(service));
    expect(refused).toMatchObject({ code: 75, stdout: '' });
    expect(refused.stderr).toMatch(/held by Ben since .*\n {2}Next: Wait in line for it with --wait 1m/u);
    const waited = await holdfast(['acquire', name, '--wait', '300ms', '--json'], at(service));
    expect(lines(waited.stderr)).toEqual([expect.objectContaining({ code: 'wait_timed_out', exitCode: 75 })]);
  });
});

describe('looking at locks', () => {
  test.concurrent('locks lists them in a table, and one object a line for programs', TIMEOUT, async () => {
    const prefix = `${freshName('seen')}/`;
    await service.client.hold(`${prefix}b`, { owner: 'Ana' });
    await service.client.declare({ name: `${prefix}a` });
    const table = await holdfast(['locks', '--prefix', prefix], at(service));
    expect(table.stdout).toMatch(new RegExp(`^LOCK +STATE +HOLDER +TOKEN +LEFT +WAITERS\\n${prefix}a +unlocked +0\\n${prefix}b +locked +Ana +\\d+ +\\d+s +0\\n$`, 'u'));
    const json = await holdfast(['locks', '--prefix', prefix, '--state', 'locked', '--json'], at(service));
    expect(lines(json.stdout).map(({ name, state }) => [name, state])).toEqual([[`${prefix}b`, 'locked']]);
    expect(await holdfast(['locks', '--prefix', `${prefix}none`], at(service))).toMatchObject({ code: 0, stdout: '' });
  });

  test.concurrent('show names the holder and the line, and nothing in a name can draw on the terminal', TIMEOUT, async () => {
    const name = freshName();
    await service.client.hold(name, { owner: 'Ana' });
    const waiting = service.client.queue(name, { owner: 'B\u001B[31mn' });
    await service.client.waitersReach(name, 1);
    const shown = await holdfast(['show', name], at(service));
    expect(shown.stdout).toMatch(new RegExp(`^${name} {2}locked\\n {2}held by Ana since .*\\n {2}1\\. B\\\\u001b\\[31mn, waits for `, 'u'));
    const json = await holdfast(['show', name, '--json'], at(service));
    expect(lines(json.stdout)).toEqual([{ lock: expect.objectContaining({ name, state: 'locked' }), waiters: [expect.objectContaining({ position: 1 })] }]);
    await waiting.hangUp();
  });

  test.concurrent('revoke takes a lock from its holder, and only from the grant that was named', TIMEOUT, async () => {
    const name = freshName();
    const { fencingToken, id } = await service.client.hold(name, { owner: 'Ana' });
    expect(await holdfast(['revoke', name, '--fencing-token', String(fencingToken + 1)], at(service))).toMatchObject({ code: 1 });
    const revoked = await holdfast(['revoke', name, '--fencing-token', String(fencingToken), '--reason', 'gone'], at(service));
    expect(revoked).toMatchObject({ code: 0, stdout: `${name} was taken from Ana (fencing token ${fencingToken}); it is free\n` });
    expect((await service.client.renew(id)).body.reason).toBe('revoked');
  });
});

describe('batches', () => {
  test.concurrent('submit prints a value for each line, in order', TIMEOUT, async () => {
    const done = await holdfast(['submit', 'echo'], at(service), '1\n"two"\n\n{"three": 3}\n');
    expect(done).toMatchObject({ code: 0, stdout: '1\n"two"\n{"three":3}\n' });
    expect(done.stderr).toMatch(/bat_[\w-]+ succeeded after .*: 3 succeeded/u);
  });

  test.concurrent('submit ends with 1 where an item failed, names it, and keeps the place of its value', TIMEOUT, async () => {
    const done = await holdfast(['submit', 'misbehave'], at(service), '{"do": "nothing", "value": 2}\n{"do": "throwError", "value": "odd"}\n{"do": "nothing", "value": 4}\n');
    expect(done).toMatchObject({ code: 1, stdout: '2\nnull\n4\n' });
    expect(done.stderr).toMatch(/item 2: TypeError: odd\n/u);
  });

  test.concurrent('a batch that was submitted apart is followed by its id', TIMEOUT, async () => {
    const submitted = await holdfast(['submit', 'echo', '--detach'], at(service), '1\n');
    expect(submitted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^bat_[\w-]+\n$/u) });
    const followed = await holdfast(['batch', submitted.stdout.trim(), '--json'], at(service));
    expect(lines(followed.stdout)).toEqual([expect.objectContaining({ id: submitted.stdout.trim(), state: 'succeeded' })]);
    expect(lines(followed.stderr)).toContainEqual(expect.objectContaining({ event: 'progress', state: 'succeeded' }));
  });

  test.concurrent('a line that is no JSON is named, and nothing is submitted', TIMEOUT, async () => {
    const refused = await holdfast(['submit', 'echo', '--json'], at(service), '1\nnot json\n');
    expect(refused).toMatchObject({ code: 64, stdout: '' });
    expect(lines(refused.stderr)).toEqual([expect.objectContaining({ code: 'item_invalid', message: expect.stringContaining('line 2') })]);
  });

  test.concurrent('functions lists what can be called, and a name that is none leads there', TIMEOUT, async () => {
    expect((await holdfast(['functions'], at(service))).stdout).toMatch(/^FUNCTION +MODULE +DESCRIPTION\n[\s\S]*^echo /mu);
    expect((await holdfast(['submit', 'no-such-function'], at(service), '1\n')).stderr).toMatch(/Next: See which there are: holdfast functions/u);
  });
});

describe('errors', () => {
  test.concurrent('a service that is not there is told apart from everything else', TIMEOUT, async () => {
    const lost = await holdfast(['locks', '--url', 'http://127.0.0.1:9', '--json'], {});
    expect(lost).toMatchObject({ code: 69, stdout: '' });
    expect(lines(lost.stderr)).toEqual([expect.objectContaining({ code: 'unreachable', next: expect.stringContaining('holdfast serve') })]);
  });

  test.concurrent('wrong arguments end with 64, and nothing is asked', TIMEOUT, async () => {
    expect(await holdfast(['locks', '--url', 'localhost:7420'], {})).toMatchObject({ code: 64, stdout: '', stderr: expect.stringContaining('write it as http://host:port') });
    expect(await holdfast(['run', 'a'], {})).toMatchObject({ code: 64, stderr: expect.stringContaining('Write the command behind --') });
  });

  test('a token is taken from the environment or a flag, and a wrong one is told apart', { timeout: 120_000 }, async (context) => {
    const token = 'a-token-of-sixteen-characters-or-more';
    const guarded = await startService(context, { environment: { HOLDFAST_TOKENS: token }, headers: { authorization: `Bearer ${token}` } });
    expect(await holdfast(['locks'], at(guarded))).toMatchObject({ code: 77, stderr: expect.stringContaining('HOLDFAST_TOKEN') });
    expect(await holdfast(['locks'], { ...at(guarded), HOLDFAST_TOKEN: token })).toMatchObject({ code: 0 });
    expect(await holdfast(['locks', '--token', token], at(guarded))).toMatchObject({ code: 0 });
  });
});

test('output that is no terminal has no colours unless they are forced', TIMEOUT, async () => {
  const name = freshName();
  await service.client.hold(name);
  const plain = await holdfast(['show', name], at(service));
  expect(plain.stdout).not.toContain('\u001B');
  expect((await holdfast(['show', name], { ...at(service), FORCE_COLOR: '1' })).stdout).toContain('\u001B');
});
