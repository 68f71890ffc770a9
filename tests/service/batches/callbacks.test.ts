// Callbacks: signed, at least once, under one id, and never in anybody's way.

import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDirectory, prepareService, sharedService } from '../harness.ts';
import { accept, answering, failingFirst, hang, Receiver } from '../receiver.ts';
import { pass, until } from '../until.ts';
import type { Batch } from '../contract.ts';

const service = sharedService();

async function deliveryOf(id: string, state: string, withinMs = 15_000): Promise<Batch['callbacks'][number]> {
  return until(`the callback is ${state}`, async () => (await service.client.batch(id)).body.callbacks.find((callback) => callback.state === state), withinMs);
}

test('a batch that succeeded tells its callback once, signed, with the counts', async (context) => {
  const receiver = await Receiver.listen(context);
  const { id } = await service.client.enqueue({ function: 'echo', items: [1, 2, 3], callback: { url: receiver.at('/good') }, errorCallback: { url: receiver.at('/bad') } });
  const [delivery] = await receiver.reaches('/good', 1);
  expect(delivery).toMatchObject({ verified: true, body: { type: 'batch.succeeded' } });
  expect(delivery?.id).toMatch(/^[^.\s]+$/u);
  expect(JSON.stringify(delivery?.body.data)).toContain(id);
  expect(delivery?.body.data['counts']).toMatchObject({ total: 3, succeeded: 3, failed: 0 });
  expect(Number.isNaN(Date.parse(delivery?.body.timestamp ?? ''))).toBe(false);
  expect(await deliveryOf(id, 'delivered')).toMatchObject({ event: 'batch.succeeded', attempts: 1 });
  expect(receiver.received).toHaveLength(1);
});

test('a batch that failed tells its error callback once, with the counts, the first error and some more', async (context) => {
  const receiver = await Receiver.listen(context);
  const items = [{ do: 'throwError', value: 'the first' }, ...Array.from({ length: 30 }, () => ({ do: 'throwCoded', value: 'another' })), { do: 'nothing' }];
  const { id } = await service.client.enqueue({ function: 'misbehave', items, chunkSize: 32, callback: { url: receiver.at('/good') }, errorCallback: { url: receiver.at('/bad') } });
  const [delivery] = await receiver.reaches('/bad', 1);
  await deliveryOf(id, 'delivered');
  expect(delivery).toMatchObject({ verified: true, body: { type: 'batch.failed', data: { error: { message: 'the first', kind: 'error' } } } });
  expect(delivery?.body.data['counts']).toMatchObject({ total: 32, succeeded: 1, failed: 31 });
  const text = JSON.stringify(delivery?.body);
  expect(text.split('"another"').length - 1).toBeGreaterThanOrEqual(19);
  expect(text.split('"another"').length - 1).toBeLessThanOrEqual(20);
  expect(text).toContain(`/v1/batches/${id}`);
  expect(receiver.received).toHaveLength(1);
});

test('a cancelled batch tells its error callback', async (context) => {
  const receiver = await Receiver.listen(context);
  const gate = path.join(freshDirectory(context), 'never');
  const { id } = await service.client.enqueue({ function: 'gate', items: [{ until: gate }], callback: { url: receiver.at('/good') }, errorCallback: { url: receiver.at('/bad') } });
  await service.client.cancel(id);
  const [delivery] = await receiver.reaches('/bad', 1);
  expect(delivery).toMatchObject({ verified: true, body: { type: 'batch.cancelled' } });
  expect(receiver.on('/good')).toEqual([]);
});

test('an empty batch tells its callback too', async (context) => {
  const receiver = await Receiver.listen(context);
  await service.client.enqueue({ function: 'echo', items: [], callback: { url: receiver.at('/empty') } });
  expect((await receiver.reaches('/empty', 1))[0]?.body.type).toBe('batch.succeeded');
});

test.for([500, 503, 429, 404, 302])('a receiver that answers %i is tried again under the same id', async (status, context) => {
  const receiver = await Receiver.listen(context);
  const url = receiver.at('/again', failingFirst(1, status, { location: receiver.at('/elsewhere') }));
  const { id } = await service.client.enqueue({ function: 'echo', items: [1], callback: { url } });
  const tries = await receiver.reaches('/again', 2);
  expect(new Set(tries.map((delivery) => delivery.id)).size).toBe(1);
  expect(tries.map(({ verified }) => verified)).toEqual([true, true]);
  expect((tries[1]?.atMs ?? 0) - (tries[0]?.atMs ?? 0)).toBeGreaterThan(400);
  expect(await deliveryOf(id, 'delivered')).toMatchObject({ attempts: 2 });
  expect(receiver.on('/elsewhere')).toEqual([]);
});

test('a receiver that asks for a pause gets it', { timeout: 120_000 }, async (context) => {
  const receiver = await Receiver.listen(context);
  await service.client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/later', failingFirst(1, 429, { 'retry-after': '4' })) } });
  const tries = await receiver.reaches('/later', 2, 20_000);
  expect((tries[1]?.atMs ?? 0) - (tries[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(3_900);
});

test('a receiver that is gone for good is not called again, and the batch says so', async (context) => {
  const receiver = await Receiver.listen(context);
  const { id } = await service.client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/gone', answering(410)) } });
  const dead = await deliveryOf(id, 'dead');
  expect(dead).toMatchObject({ event: 'batch.succeeded', attempts: 1 });
  expect(dead.lastError).toContain('410');
  await pass(2_500);
  expect(receiver.on('/gone')).toHaveLength(1);
});

test('a receiver that hangs delays neither the batch, nor another receiver, nor another delivery to itself', async (context) => {
  const receiver = await Receiver.listen(context);
  const other = await Receiver.listen(context);
  const { client } = service;
  const started = performance.now();
  const slow = await client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/hangs', hang) } });
  await receiver.reaches('/hangs', 1);
  await client.enqueue({ function: 'echo', items: [1], callback: { url: other.at('/quick') } });
  await client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/beside', accept) } });
  await other.reaches('/quick', 1);
  await receiver.reaches('/beside', 1);
  expect(performance.now() - started).toBeLessThan(8_000);
  const { body } = await client.batch(slow.id);
  expect([body.state, body.callbacks[0]?.state]).toEqual(['succeeded', 'pending']);
});

test('a receiver that refuses connections is tried again, and the batch says why it waits', async (context) => {
  const receiver = await Receiver.listen(context);
  const url = receiver.at('/closed');
  await receiver.close();
  const { id } = await service.client.enqueue({ function: 'echo', items: [1], callback: { url } });
  const pending = await until('a try has failed', async () => (await service.client.batch(id)).body.callbacks.find(({ attempts, lastError }) => attempts >= 1 && lastError !== undefined));
  expect(pending.state).toBe('pending');
});

test('a name that leads to a forbidden address is never called, whatever the name', { timeout: 60_000 }, async (context) => {
  const receiver = await Receiver.listen(context);
  const own = prepareService(context);
  const client = await own.start({ HOLDFAST_WEBHOOK_ALLOW: undefined });
  const literal = receiver.at('/inside');
  const submitted = await Promise.all(['localhost', 'localhost.', 'a.localhost', hostname()].map((name) => client.submit({ function: 'echo', items: [1], callback: { url: literal.replace('127.0.0.1', name) } })));
  const accepted = submitted.filter(({ status }) => status === 202);
  await Promise.all(accepted.map(({ body }) => until('a try has failed', async () => (await client.batch(body.id)).body.callbacks[0]?.lastError, 40_000)));
  expect(receiver.received).toEqual([]);
  expect((await client.submit({ function: 'echo', items: [1], callback: { url: literal } })).body.code).toBe('address_not_allowed');
});

test('a name that leads to an allowed address is called', async (context) => {
  const receiver = await Receiver.listen(context);
  await service.client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/named').replace('127.0.0.1', 'localhost') } });
  expect((await receiver.reaches('/named', 1))[0]?.verified).toBe(true);
});

test('a delivery that was pending at a kill arrives after the start, under the same id', { timeout: 120_000 }, async (context) => {
  const receiver = await Receiver.listen(context);
  const own = prepareService(context);
  await own.start();
  const { id } = await own.client.enqueue({ function: 'echo', items: [1], callback: { url: receiver.at('/over', failingFirst(1, 500)) } });
  await receiver.reaches('/over', 1);
  const after = await own.killAndRestart();
  const tries = await receiver.reaches('/over', 2, 20_000);
  expect(new Set(tries.map((delivery) => delivery.id)).size).toBe(1);
  await until('it is delivered', async () => (await after.batch(id)).body.callbacks[0]?.state === 'delivered');
});

test('batches that are killed in the middle tell their callbacks when they end after all', { timeout: 120_000 }, async (context) => {
  const receiver = await Receiver.listen(context);
  const own = prepareService(context);
  await own.start();
  const gate = path.join(freshDirectory(context), 'open');
  await own.client.enqueue({ function: 'gate', items: [{ until: gate }], callback: { url: receiver.at('/good') } });
  await own.client.enqueue({ function: 'gateThenThrow', items: [{ until: gate, message: 'no' }], errorCallback: { url: receiver.at('/bad') } });
  await until('both run', async () => (await own.client.batches('state=running')).body.batches.length === 2);
  await own.killAndRestart();
  await writeFile(gate, '');
  const [good, bad] = [await receiver.reaches('/good', 1), await receiver.reaches('/bad', 1)];
  expect([good[0]?.body.type, bad[0]?.body.type]).toEqual(['batch.succeeded', 'batch.failed']);
  expect(new Set([...good, ...bad].map((delivery) => delivery.id)).size).toBe(2);
});
