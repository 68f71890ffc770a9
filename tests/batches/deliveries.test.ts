// Callbacks: what a receiver is told, when it is tried again, and when it is given up.

import { describe, expect, test } from 'vitest';
import { retryDelayMs } from '../../src/batches/backoff.ts';
import { rfc3339 } from '../../src/batches/instants.ts';
import { CALLBACK_BODY_BYTES_MAX, ENDED_BATCH_KEEP_MS, WEBHOOK_ATTEMPTS_MS, WEBHOOK_ERRORS_MAX, WEBHOOK_RETRY_AFTER_MS_MAX, WEBHOOKS_IN_FLIGHT_MAX, WEBHOOKS_PER_RECEIVER_MAX } from '../../src/limits.ts';
import type { SendEffect } from '../../src/state/effects.ts';
import type { DeliveryReport } from '../../src/state/inputs.ts';
import { BOOM, viewOf, World } from './world.ts';

const BOTH = { callback: { url: 'http://good.example/c' }, errorCallback: { url: 'http://bad.example/e' } } as const;

function sends(world: World): SendEffect[] {
  return world.effects.filter((effect) => effect.kind === 'send');
}

function settle(world: World, outcome: DeliveryReport['outcome'], rest: Partial<DeliveryReport> = {}): void {
  const { delivery, attempt } = sends(world).at(-1)!;
  world.report({ kind: 'deliverySettled', delivery, attempt, outcome, ...rest });
}

function body(world: World, send: SendEffect): { type: string; timestamp: string; data: Record<string, unknown> & { errors: { index: number; message: string }[] } } {
  return JSON.parse(world.payloads.get(send.payload.id)!);
}

function callbacks(world: World, id: string) {
  return viewOf(world.answerTo(world.ask({ kind: 'readBatch', batch: id, waitMs: 0 }))).delivery;
}

describe('what is told', () => {
  test('a batch that succeeded is told to the callback, once', () => {
    const world = new World();
    const { id } = world.submit({ items: [1, 2], ...BOTH });
    world.work();
    expect(sends(world)).toMatchObject([{ delivery: 'dlv_1', attempt: 1, url: 'http://good.example/c' }]);
    expect(body(world, sends(world)[0]!)).toEqual({
      type: 'batch.succeeded', timestamp: '2026-01-01T00:00:01.000Z',
      data: { batch: id, function: 'task', counts: world.batch(id).counts, results: `/v1/batches/${id}/results` },
    });
  });

  test('a batch without items is told to the callback too', () => {
    const world = new World();
    world.submit({ items: [], ...BOTH });
    expect(body(world, sends(world)[0]!).type).toBe('batch.succeeded');
  });

  test('a failure is told to the error callback, once, after the last item', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1, 2], chunkSize: 1, ...BOTH });
    world.finish(world.threadOf(id), { error: BOOM });
    world.finish(world.threadOf(id), { error: { ...BOOM, message: 'again' } });
    expect(sends(world)).toEqual([]);
    world.finish(world.threadOf(id));
    expect(sends(world)).toMatchObject([{ url: 'http://bad.example/e' }]);
    expect(body(world, sends(world)[0]!)).toMatchObject({
      type: 'batch.failed',
      data: { counts: { failed: 2 }, error: BOOM, errors: [{ index: 0, message: 'boom', kind: 'error' }, { index: 1, message: 'again' }] },
    });
    expect(JSON.stringify(body(world, sends(world)[0]!).data.errors)).not.toContain('at task');
  });

  test('a cancelled batch is told to the error callback as cancelled', () => {
    const world = new World(1);
    const { id } = world.submit({ items: [0, 1], chunkSize: 1, ...BOTH });
    world.ask({ kind: 'cancelBatch', batch: id });
    world.work();
    expect(body(world, sends(world)[0]!)).toMatchObject({ type: 'batch.cancelled', data: { error: { kind: 'cancelled' } } });
  });

  test('a batch whose end nobody wants to hear of owes nothing', () => {
    const world = new World();
    const { id } = world.submit({ errorCallback: BOTH.errorCallback });
    world.work();
    expect(sends(world)).toEqual([]);
    expect(callbacks(world, id)).toBeUndefined();
  });

  test('a callback names the first error, and the first twenty failures with that one among them, however much failed', () => {
    const world = new World(1);
    const { id } = world.submit({ items: Array.from({ length: 100 }, () => 0), errorCallback: BOTH.errorCallback });
    world.work(({ item }) => (item === 0 ? { value: '1' } : { error: { ...BOOM, message: `short ${item}`, stack: '"'.repeat(8_000) } }));
    const { data } = body(world, sends(world)[0]!);
    expect(data['error']).toMatchObject({ message: 'short 1', stack: expect.stringContaining('""') });
    expect(data.errors.map(({ index, message }) => [index, message])).toEqual(Array.from({ length: WEBHOOK_ERRORS_MAX }, (_, n) => [n + 1, `short ${n + 1}`]));
    expect(world.batch(id).counts.failed).toBe(99);
  });

  test('long errors are shortened until the callback fits, never in the middle of a character', () => {
    const world = new World(1);
    world.submit({ items: Array.from({ length: 30 }, () => 0), errorCallback: BOTH.errorCallback });
    world.work(() => ({ error: { ...BOOM, message: '\u{1F512}'.repeat(2_000), stack: '\u0001'.repeat(8_000) } }));
    const text = world.payloads.get(sends(world)[0]!.payload.id)!;
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(CALLBACK_BODY_BYTES_MAX);
    expect(text).not.toMatch(/\\ud[89ab]/u);
    expect(JSON.parse(text).data.errors.length).toBeGreaterThan(5);
  });
});

describe('attempts', () => {
  test('a delivery that fails is tried again with the same id, ever later', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    const waits: number[] = [];
    for (let attempt = 1; attempt < 5; attempt++) {
      const since = world.now;
      settle(world, 'failed', { error: 'receiver said 503' });
      while (sends(world).length === attempt) world.pass(100);
      waits.push((world.now - since) / 1_000);
    }
    expect(sends(world).map(({ delivery, attempt }) => [delivery, attempt])).toEqual([1, 2, 3, 4, 5].map((attempt) => ['dlv_1', attempt]));
    for (const [n, base] of [1, 5, 30, 120].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(base);
      expect(waits[n]).toBeLessThanOrEqual(base * 1.2 + 0.1);
    }
    expect(callbacks(world, id)).toMatchObject({ state: 'pending', attempts: 5, lastError: 'receiver said 503' });
    settle(world, 'delivered');
    expect(callbacks(world, id)).toMatchObject({ state: 'delivered', attempts: 5, lastError: undefined });
  });

  test('the last attempt at a delivery begins a day after the end of its batch, and then it is given up', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    const since = world.now;
    let lastBegan = since;
    while (callbacks(world, id)?.state === 'pending') {
      settle(world, 'failed');
      for (let n = sends(world).length; callbacks(world, id)?.state === 'pending' && sends(world).length === n;) world.pass(60_000);
      lastBegan = world.now;
    }
    expect(callbacks(world, id)?.state).toBe('dead');
    expect(lastBegan - since).toBeGreaterThanOrEqual(WEBHOOK_ATTEMPTS_MS);
    expect(lastBegan - since).toBeLessThanOrEqual(WEBHOOK_ATTEMPTS_MS + 60_000);
    expect(world.state.batchIndex.pendingDeliveries).toBe(0);
  });

  test('Retry-After does not put the last attempt off', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    world.pass(WEBHOOK_ATTEMPTS_MS - 1_000);
    settle(world, 'failed', { retryAfterMs: 3_600_000 });
    world.pass(1_001);
    expect(sends(world)).toHaveLength(2);
    settle(world, 'delivered');
    expect(callbacks(world, id)?.state).toBe('delivered');
  });

  test('a receiver that says it is gone is not tried again', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    settle(world, 'gone', { error: 'receiver said 410' });
    expect(callbacks(world, id)).toMatchObject({ state: 'dead', attempts: 1, lastError: 'receiver said 410' });
    expect(world.facts.filter(({ kind }) => kind === 'deliveryTried')).toEqual([{ kind: 'deliveryTried', outcome: 'dead' }]);
  });

  test('a report about another attempt than the one under way changes nothing', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    world.report({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 2, outcome: 'delivered' });
    world.report({ kind: 'deliverySettled', delivery: 'dlv_none', attempt: 1, outcome: 'delivered' });
    expect(callbacks(world, id)?.state).toBe('pending');
    settle(world, 'delivered');
    world.report({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 1, outcome: 'failed' });
    expect(callbacks(world, id)?.state).toBe('delivered');
  });

  test('a restart tries again what was under way, with the same id and the next attempt', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    world.restart();
    expect(sends(world)).toMatchObject([{ delivery: 'dlv_1', attempt: 2 }]);
    world.report({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 1, outcome: 'delivered' });
    expect(callbacks(world, id)?.state).toBe('pending');
    settle(world, 'delivered');
    expect(callbacks(world, id)?.state).toBe('delivered');
  });

  test('a restart keeps the time of a delivery that waits for its next attempt', () => {
    const world = new World();
    world.submit(BOTH);
    world.work();
    settle(world, 'failed');
    world.restart();
    expect(sends(world)).toEqual([]);
    world.pass(1_300);
    expect(sends(world)).toMatchObject([{ attempt: 2 }]);
  });

  test('nothing is sent any more once the grace of an orderly stop is over, and all of it after the start', () => {
    const world = new World();
    world.submit(BOTH);
    world.work();
    settle(world, 'failed');
    world.report({ kind: 'stop' });
    world.pass(5_000);
    expect(sends(world)).toHaveLength(1);
    world.restart();
    expect(sends(world)).toMatchObject([{ attempt: 2 }]);
  });
});

describe('receivers', () => {
  test('one receiver gets only so many at once, and delays no other', () => {
    const world = new World();
    for (let n = 0; n < WEBHOOKS_PER_RECEIVER_MAX + 2; n++) world.submit({ items: [], callback: { url: `http://slow.example/hangs?job=${n}` } });
    world.submit({ items: [], callback: { url: 'http://quick.example/' } });
    expect(sends(world).map(({ url }) => new URL(url).host)).toEqual([...Array.from({ length: WEBHOOKS_PER_RECEIVER_MAX }, () => 'slow.example'), 'quick.example']);
    settle(world, 'delivered');
    const { delivery, attempt } = sends(world)[0]!;
    world.report({ kind: 'deliverySettled', delivery, attempt, outcome: 'failed' });
    expect(new URL(sends(world).at(-1)!.url).host).toBe('slow.example');
    expect(sends(world)).toHaveLength(WEBHOOKS_PER_RECEIVER_MAX + 2);
  });

  test('no more attempts are under way than the limit, and receivers take turns', () => {
    const world = new World();
    const receivers = WEBHOOKS_IN_FLIGHT_MAX / WEBHOOKS_PER_RECEIVER_MAX + 2;
    for (let n = 0; n < receivers; n++) {
      for (let k = 0; k < WEBHOOKS_PER_RECEIVER_MAX; k++) world.submit({ items: [], callback: { url: `http://r${n}.example/` } });
    }
    expect(world.state.sending.size).toBe(WEBHOOKS_IN_FLIGHT_MAX);
    for (const send of sends(world).slice(0, 3)) world.report({ kind: 'deliverySettled', delivery: send.delivery, attempt: 1, outcome: 'delivered' });
    expect(sends(world).slice(-3).map(({ url }) => new URL(url).host)).toEqual([`r${receivers - 2}.example`, `r${receivers - 1}.example`, `r${receivers - 2}.example`]);
    expect(world.state.sending.size).toBe(WEBHOOKS_IN_FLIGHT_MAX);
  });

  test('Retry-After postpones the next attempt, but not beyond its bound, and never brings it forward', () => {
    const plain = retryDelayMs('dlv_1', 1, undefined);
    expect(plain).toBeGreaterThanOrEqual(1_000);
    expect(retryDelayMs('dlv_1', 1, 0)).toBe(plain);
    expect(retryDelayMs('dlv_1', 1, 90_000)).toBe(90_000);
    expect(retryDelayMs('dlv_1', 1, 10 ** 12)).toBe(WEBHOOK_RETRY_AFTER_MS_MAX);
    expect(retryDelayMs('dlv_1', 99, 1)).toBeGreaterThanOrEqual(7_200_000);
  });

  test('deliveries that fail together come back apart', () => {
    const delays = new Set(Array.from({ length: 100 }, (_, n) => retryDelayMs(`dlv_${n}`, 3, undefined)));
    expect(delays.size).toBeGreaterThan(90);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(4_000);
  });
});

describe('keeping', () => {
  test('a failure counts as unread until a callback has delivered it', () => {
    const world = new World();
    world.submit(BOTH);
    world.work(() => ({ error: BOOM }));
    expect(world.state.batchIndex.unreadErrors).toBe(1);
    settle(world, 'delivered');
    expect(world.state.batchIndex.unreadErrors).toBe(0);
  });

  test('a failure whose callback is given up stays unread', () => {
    const world = new World();
    world.submit(BOTH);
    world.work(() => ({ error: BOOM }));
    settle(world, 'gone');
    expect(world.state.batchIndex.unreadErrors).toBe(1);
  });

  test('a batch is kept while its callback is pending, and for a day after', () => {
    const world = new World();
    const { id } = world.submit(BOTH);
    world.work();
    settle(world, 'failed');
    world.pass(WEBHOOK_ATTEMPTS_MS - 60_000);
    settle(world, 'delivered');
    world.pass(ENDED_BATCH_KEEP_MS);
    expect(world.batch(id).state).toBe('succeeded');
    world.pass(1);
    expect([world.state.batches.size, world.state.deliveries.size]).toEqual([0, 0]);
  });
});

describe('instants', () => {
  test.for([
    0, 1, 999, 951_782_399_999, 951_782_400_000, 951_868_800_000, 1_709_164_800_000, 1_735_689_599_999, 1_798_761_599_999, 4_107_542_400_000, 253_402_300_799_999,
  ])('%i is written as a calendar would', (wall) => {
    expect(rfc3339(wall)).toBe(new Date(wall).toISOString());
  });

  test('every day of a century is written as a calendar would', () => {
    const days = Array.from({ length: 37_000 }, (_, day) => Date.UTC(1999, 11, 30, 23, 59, 59, 1) + day * 86_400_000);
    expect(days.filter((wall) => rfc3339(wall) !== new Date(wall).toISOString())).toEqual([]);
  });
});
