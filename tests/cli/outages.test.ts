// Outages: a command never outlives its lease when the service is gone, and outlives a service that is back in time.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chance } from '../../verify/chance.ts';
import { Host } from '../../verify/command/host.ts';
import { dieInTime, givenRoom, outliveRestart } from '../../verify/command/trial.ts';

const TIMEOUT = { timeout: 240_000 };
const SIZE = { count: 2, ttlMs: 4_000 };
const seed = Date.now() % 1_000_000;

let host: Host;
beforeAll(async () => { host = await Host.start(); }, 60_000);
afterAll(() => host[Symbol.asyncDispose]());

test.for(['stopped', 'killed'] as const)('with the service %s, a command and its child that ignore SIGTERM are dead before their lease can end', TIMEOUT, async (fault) => {
  const marginsMs = await givenRoom(SIZE, (size) => dieInTime(host, fault, size, new Chance(seed)));
  expect(marginsMs.filter((marginMs) => !(marginMs > 0)), `seed ${seed}`).toEqual([]);
});

test('a command outlives a service that is killed and started again within its lease', TIMEOUT, async () => {
  await expect(givenRoom({ count: 2, ttlMs: 25_000 }, (size) => outliveRestart(host, size))).resolves.toBeUndefined();
});
