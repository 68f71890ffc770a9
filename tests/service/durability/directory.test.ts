// One process owns a data directory, and a directory that was tampered with is refused.

import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { prepareService, startService, type Service } from '../harness.ts';
import { Child } from '../child.ts';

/** A word that is found in the files of a directory, if a row is stored as it is written. */
const MARK = 'a-name-that-stands-out-in-the-journal';

async function dataFiles(service: Service): Promise<string[]> {
  const entries = await readdir(service.dataDir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function largest(service: Service): Promise<string> {
  const sized = await Promise.all((await dataFiles(service)).map(async (file) => ({ file, size: (await stat(file)).size })));
  return sized.toSorted((left, right) => right.size - left.size)[0]?.file ?? '';
}

/** Replaces the mark by as many other bytes wherever it stands; returns how often it did. */
async function alter(service: Service, from: string, to: string): Promise<number> {
  let found = 0;
  for (const file of await dataFiles(service)) {
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) {
      bytes.write(to, at);
      found += 1;
    }
    await writeFile(file, bytes);
  }
  return found;
}

async function expectRefusal(service: Service): Promise<string> {
  const child = service.spawn();
  expect(await child.ready()).toBeUndefined();
  const { code } = await child.exited;
  expect(code).toBeGreaterThan(0);
  expect(child.output.trim()).not.toBe('');
  return child.output;
}

test.concurrent('a second process on a directory refuses to start and says why, and the first goes on', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const { id } = await service.client.hold('lock', { ttlMs: 60_000 });
  const second = new Child({ HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: service.dataDir });
  context.onTestFinished(async () => { second.signal('SIGKILL'); await second.exited; });
  expect(await second.ready()).toBeUndefined();
  expect((await second.exited).code).toBeGreaterThan(0);
  expect(second.output).toMatch(/another .*process|in use|owned|already/iu);
  expect(second.output).toContain(service.dataDir);
  expect((await service.client.renew(id)).status).toBe(200);
});

test.concurrent('another process can start at once after the owner was killed', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const { id } = await service.client.hold('lock', { ttlMs: 60_000 });
  await service.kill();
  const after = await service.start({ HOLDFAST_PORT: '0' });
  expect((await after.lease(id)).body.state).toBe('held');
});

test.concurrent('a data directory is made for its owner alone', { timeout: 120_000 }, async (context) => {
  const service = prepareService(context);
  const inside = path.join(service.dataDir, 'made', 'by the service');
  await service.start({ HOLDFAST_DATA_DIR: inside });
  expect((await stat(inside)).mode & 0o777).toBe(0o700);
});

test.concurrent('a row that was changed behind the service is found, and the service refuses to start', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  await service.client.declare({ name: 'plain', description: MARK });
  await service.stop();
  expect(await alter(service, MARK, MARK.toUpperCase())).toBeGreaterThan(0);
  const output = await expectRefusal(service);
  expect(output).toMatch(/changed|damaged|checksum|corrupt/iu);
  expect(output).not.toContain('at Object.');
});

test.concurrent.for([['half of itself', 0.5], ['a few bytes', 0.001]] as const)('a journal that was cut to %s is refused', { timeout: 120_000 }, async ([, part], context) => {
  const service = await startService(context);
  await Promise.all(Array.from({ length: 200 }, (_, number) => service.client.declare({ name: `lock-${number}`, description: 'x'.repeat(900) })));
  await service.kill();
  const file = await largest(service);
  await truncate(file, Math.floor((await stat(file)).size * part));
  expect(await expectRefusal(service)).toMatch(/\S+/u);
});

test.concurrent('a payload that was changed is neither served nor run, and all else goes on', { timeout: 120_000 }, async (context) => {
  const service = await startService(context);
  const ended = await service.client.run({ function: 'nothing', items: [1] });
  const { batch } = await service.client.run({ function: 'echo', items: [`${MARK} ${'y'.repeat(3_000)}`] });
  await service.stop();
  expect(await alter(service, MARK, MARK.toUpperCase())).toBeGreaterThan(0);
  const after = await service.start();
  const damaged = await after.results(batch.id);
  expect([damaged.status, damaged.body.code]).toEqual([500, 'payload_damaged']);
  expect((await after.results(ended.batch.id)).status).toBe(200);
  expect((await after.acquire('lock')).status).toBe(201);
});
