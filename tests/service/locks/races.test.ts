// Races: whichever of two requests comes first, both answers are true and nobody is left waiting.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import { keyed } from '../client.ts';
import { pass } from '../until.ts';

const service = sharedService();
const THIRTY = Array.from({ length: 30 }, (_, round) => round);

test.concurrent('a client with a key that hangs up around its grant finds it again, and keeps it', { timeout: 60_000 }, async () => {
  const { client } = service;
  const found = await Promise.all(THIRTY.map(async (round) => {
    const lock = freshName('key');
    const [headers, body] = [keyed(lock), { ttlMs: 90_000 }];
    const holder = await client.hold(lock, body);
    const waiter = client.queue(lock, body, headers);
    await client.waitersReach(lock, 1);
    const released = client.release(holder.id);
    await pass(round % 5);
    await Promise.all([released, waiter.hangUp()]);
    const back = await client.queue(lock, body, headers).answer;
    for (let retry = 0; retry < 2; retry += 1) await client.queue(lock, body, headers).hangUp();
    return back;
  }));
  expect(found.map(({ status }) => status)).toEqual(THIRTY.map(() => 201));
  await pass(6_500);
  const states = await Promise.all(found.map(async ({ body }) => (await client.lease(body.id)).body.state));
  expect(states).toEqual(THIRTY.map(() => 'held'));
});

test.concurrent('a ticket that is deleted around its grant leaves the lock to who is next', { timeout: 60_000 }, async () => {
  const { client } = service;
  await Promise.all(THIRTY.map(async () => {
    const lock = freshName('ticket');
    const holder = await client.hold(lock);
    const ticket = await client.ticket(lock, { ttlMs: 90_000 });
    const next = client.queue(lock);
    await client.waitersReach(lock, 2);
    const released = await Promise.all([client.release(holder.id), client.release(ticket.body.id)]);
    expect(released.map(({ status }) => status)).toEqual([204, 204]);
    expect((await next.answer).status).toBe(201);
  }));
});

test.concurrent('of a revocation and a release at the same time exactly one ends the grant', { timeout: 60_000 }, async () => {
  const { client } = service;
  await Promise.all(THIRTY.map(async () => {
    const lock = freshName('revoked');
    const holder = await client.hold(lock);
    const next = client.queue(lock);
    await client.waitersReach(lock, 1);
    const [revoked, renewed, released] = await Promise.all([client.revoke(lock, { fencingToken: holder.fencingToken }), client.renew(holder.id), client.release(holder.id)]);
    expect([[200, 410], [409, 204]]).toContainEqual([revoked.status, released.status]);
    expect([200, 410]).toContain(renewed.status);
    expect((await next.answer).status).toBe(201);
  }));
});

test.concurrent('no answer ever says held about a lease that is over', { timeout: 60_000 }, async () => {
  const { client } = service;
  const over: string[] = [];
  await Promise.all(THIRTY.map(async (round) => {
    const acquired = await client.acquire(freshName('brief'), { ttlMs: 100 });
    expect([201, 410]).toContain(acquired.status);
    for (let state = 'held'; state === 'held' && acquired.status === 201;) {
      const { body, text } = await client.lease(acquired.body.id);
      if (body.state === 'held' && body.expiresInMs <= 0) over.push(text);
      ({ state } = body);
      await pass(round % 10);
    }
  }));
  expect(over).toEqual([]);
});
