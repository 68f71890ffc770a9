import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_RETRY_AFTER_MS_MAX } from '../../src/limits.ts';
import { SECRET, attemptAt, startAttempts, startReceiver, startSocketReceiver, type Receiver } from './receiver.ts';

const answering = (status: number, headers: { [name: string]: string } = {}): Promise<Receiver> =>
  startReceiver((response) => response.writeHead(status, headers).end('what the receiver says is nobody else’s business'));

describe('an attempt', () => {
  test('is a signed POST of the exact bytes, which the Standard Webhooks library verifies', async () => {
    await using receiver = await startReceiver();
    await using attempts = startAttempts();
    const body = '{"type":"batch.failed","text":"żółw 🐢"}';
    const report = await attempts.attempt(`${receiver.url}?a=b%20c#part`, body);
    expect(report).toEqual({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 3, outcome: 'delivered' });
    const [request] = receiver.received;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=b%20c', body });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Holdfast-Webhooks/1.2.3', 'webhook-id': 'dlv_1' });
    const headers = Object.fromEntries(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]));
    expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test('without a secret is not made, and says why', async () => {
    await using receiver = await startReceiver();
    const report = await attemptAt(receiver.url, { secrets: [] });
    expect(report).toMatchObject({ outcome: 'failed', error: 'HOLDFAST_WEBHOOK_SECRET is not set' });
    expect(receiver.received).toEqual([]);
  });

  test('leaves no connection behind, and the next one opens its own', async () => {
    const sockets: Socket[] = [];
    await using receiver = await startReceiver((response) => {
      if (response.socket !== null) sockets.push(response.socket);
      response.end();
    });
    await using attempts = startAttempts();
    await attempts.attempt(receiver.url);
    await attempts.attempt(receiver.url);
    expect(new Set(sockets).size).toBe(2);
    await Promise.all(sockets.map(async (socket) => (socket.destroyed ? undefined : once(socket, 'close'))));
  });
});

describe('an answer', () => {
  test.each([200, 201, 202, 204, 299])('of %i is a delivery', async (status) => {
    await using receiver = await answering(status);
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'delivered' });
  });

  test.each([300, 304, 400, 401, 404, 408, 409, 429, 500, 502, 503, 504])('of %i is a failure that names the status and nothing else', async (status) => {
    await using receiver = await answering(status);
    const report = await attemptAt(receiver.url);
    expect(report).toEqual({ kind: 'deliverySettled', delivery: 'dlv_1', attempt: 3, outcome: 'failed', error: `status ${status}` });
  });

  test('of 410 says that the receiver is gone', async () => {
    await using receiver = await answering(410);
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'gone', error: 'status 410' });
  });

  test.each([301, 302, 303, 307, 308])('of %i is a failure, and where it points to is never called', async (status) => {
    await using target = await startReceiver();
    await using receiver = await answering(status, { location: target.url });
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'failed', error: `status ${status}` });
    expect(target.received).toEqual([]);
  });

  test.each([
    [429, '7', 7_000],
    [503, '0', 0],
    [503, '999999999', WEBHOOK_RETRY_AFTER_MS_MAX],
    [429, 'Wed, 21 Oct 2015 07:28:00 GMT', 0],
    [429, 'Fri, 31 Dec 9999 23:59:59 GMT', WEBHOOK_RETRY_AFTER_MS_MAX],
  ])('of %i with Retry-After %j asks for %i ms', async (status, header, retryAfterMs) => {
    await using receiver = await answering(status, { 'retry-after': header });
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'failed', error: `status ${status}`, retryAfterMs });
  });

  test('with a date in Retry-After asks for the time until then', async () => {
    await using receiver = await answering(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
    const { retryAfterMs } = await attemptAt(receiver.url);
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test.each(['soon', '-5', '1.5', '', '7, 8', '1e3', 'Xxx, 99 Yyy 2026 99:99:99 GMT'])('with the malformed Retry-After %j asks for nothing', async (header) => {
    await using receiver = await answering(503, { 'retry-after': header });
    expect(await attemptAt(receiver.url)).not.toHaveProperty('retryAfterMs');
  });

  test('of another status asks for nothing with Retry-After', async () => {
    await using receiver = await answering(500, { 'retry-after': '7' });
    expect(await attemptAt(receiver.url)).not.toHaveProperty('retryAfterMs');
  });
});

describe('closing', () => {
  test('breaks off what is under way, reports none of it and resolves when its connections are closed', async () => {
    const accepted = Promise.withResolvers<Socket>();
    await using receiver = await startSocketReceiver((socket) => accepted.resolve(socket.resume()));
    await using attempts = startAttempts();
    attempts.start(receiver.url);
    const closed = once(await accepted.promise, 'close');
    await attempts.close();
    await closed;
    expect(attempts.reports).toEqual([]);
  });

  test('makes what is sent afterwards do nothing', async () => {
    await using receiver = await startReceiver();
    await using attempts = startAttempts();
    await attempts.close();
    attempts.start(receiver.url);
    await attempts.close();
    expect(attempts.reports).toEqual([]);
    expect(receiver.received).toEqual([]);
  });
});
