// Keeping: a command never outlives its lease when its connections fail or it is stopped itself, and is spared while the
// lease is renewed. A few of the trials that `npm run verify -- command` makes a hundred of; outages.test.ts has others.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chance } from '../../verify/chance.ts';
import { Host } from '../../verify/command/host.ts';
import { dieInTime, dieOnGoingOn, givenRoom, outliveSilences } from '../../verify/command/trial.ts';

const TIMEOUT = { timeout: 240_000 };
const SIZE = { count: 2, ttlMs: 5_000 };
const seed = Date.now() % 1_000_000;

let host: Host;
beforeAll(async () => { host = await Host.start(); }, 60_000);
afterAll(() => host[Symbol.asyncDispose]());

test.concurrent.for(['silence', 'resets'] as const)('%s: a command and its child that ignore SIGTERM are dead before their lease can end', TIMEOUT, async (fault) => {
  const marginsMs = await givenRoom(SIZE, (size) => dieInTime(host, fault, size, new Chance(seed)));
  expect(marginsMs.filter((marginMs) => !(marginMs > 0)), `seed ${seed}`).toEqual([]);
});

test.concurrent('run that was stopped beyond its lease kills the command within 100 ms of going on', TIMEOUT, async () => {
  await givenRoom(SIZE, async (size) => {
    expect((await dieOnGoingOn(host, size)).filter((ms) => !(ms < 100))).toEqual([]);
  });
});

test.concurrent('a command whose lease is renewed in time is neither told to end nor killed', TIMEOUT, async () => {
  await expect(givenRoom(SIZE, (size) => outliveSilences(host, size, 3, new Chance(seed)))).resolves.toBeUndefined();
});
