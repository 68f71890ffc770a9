// Clients as processes: stopped, ended, and left to themselves.

import { expect, test } from 'vitest';
import { Holdfast } from '@holdfast/client';
import { sharedNow } from '../../verify/histories/shared-clock.ts';
import { freshName, sharedService } from '../service/harness.ts';
import { pass, until } from '../service/until.ts';
import { Program } from './program.ts';

const service = sharedService();

test('a process that was stopped does no step after another had its lock, and run rejects when it goes on', { timeout: 60_000 }, async (context) => {
  const { origin } = service.client.http;
  const name = freshName();
  const worker = new Program(context, 'worker.ts', [origin, name, '1000']);
  await worker.says('step');
  worker.signal('SIGSTOP');
  const nextAt = await new Holdfast({ url: origin }).lock(name).run(async ({ assertHeld }) => {
    const at = sharedNow();
    worker.signal('SIGCONT');
    await worker.says('ended');
    assertHeld();
    return at;
  }, { waitMs: 60_000, ttlMs: 60_000 });
  expect(worker.output).toMatch(/^ended (?:expired|unreachable)$/mu);
  expect(worker.numbers('step').filter((at) => at > nextAt)).toEqual([]);
  expect({ code: await worker.exited, output: worker.output }).toMatchObject({ code: 0 });
});

test('a process that was stopped for less than its lease goes on under it', { timeout: 60_000 }, async (context) => {
  const { origin } = service.client.http;
  const name = freshName();
  const worker = new Program(context, 'worker.ts', [origin, name, '30000']);
  await worker.says('step');
  worker.signal('SIGSTOP');
  await pass(500);
  const stoppedUntil = sharedNow();
  worker.signal('SIGCONT');
  await until('it works on', () => worker.numbers('step').some((at) => at > stoppedUntil));
  worker.finish();
  await worker.says('ended in order');
  expect({ code: await worker.exited, output: worker.output }).toMatchObject({ code: 0 });
});

test('a process that released its last lease ends by itself, and leaves nothing held and nothing unhandled', { timeout: 60_000 }, async (context) => {
  const { origin } = service.client.http;
  const name = freshName();
  const leaver = new Program(context, 'leaver.ts', [origin, name, '5']);
  expect({ code: await leaver.exited, output: leaver.output }).toMatchObject({ code: 0 });
  expect((await service.client.lock(name)).status).toBe(404);
});

test('a lease that is forgotten keeps no process alive', { timeout: 60_000 }, async (context) => {
  const { origin } = service.client.http;
  const name = freshName();
  const leaver = new Program(context, 'leaver.ts', [origin, name, '1', 'forget']);
  expect({ code: await leaver.exited, output: leaver.output }).toMatchObject({ code: 0 });
  expect((await service.client.lock(name)).body.state).toBe('locked');
});
