import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_RESPONSE_BYTES_MAX } from '../../src/limits.ts';
import { attemptAt, startAttempts, startReceiver, startSocketReceiver } from './receiver.ts';

/** What the kernel's buffers on both sides of a loopback connection may hold beyond what was read. */
const BUFFERED_BYTES_MAX = 32 * 1_024 * 1_024;

const never = (): Promise<never> => new Promise(() => {});

const afterRequest = (act: (socket: Socket) => void) => (socket: Socket) => void socket.once('data', () => act(socket));

describe('a receiver', () => {
  test.each(['http', 'https'])('that accepts a connection for %s and stays silent fails the attempt when its time is over, and is hung up on', async (scheme) => {
    const closed = Promise.withResolvers<void>();
    await using receiver = await startSocketReceiver((socket) => socket.resume().on('close', () => closed.resolve()));
    const report = await attemptAt(`${scheme}://127.0.0.1:${receiver.port}/`, { timeoutMs: 150 });
    expect(report).toMatchObject({ outcome: 'failed', error: 'timed out after 150 ms' });
    await closed.promise;
  });

  test('that drips its headers byte by byte gets no more time than any other', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip)).resume();
    });
    expect(await attemptAt(receiver.url, { timeoutMs: 200 })).toMatchObject({ outcome: 'failed', error: 'timed out after 200 ms' });
  });

  test('whose name is never resolved gets no more time than any other', async () => {
    expect(await attemptAt('http://silent.example/', { timeoutMs: 100, resolve: never })).toMatchObject({ error: 'timed out after 100 ms' });
  });

  test.each([[200, { outcome: 'delivered' }], [500, { outcome: 'failed', error: 'status 500' }]])(
    'that answers %i and never ends the body has answered all the same, and is hung up on in time',
    async (status, expected) => {
      const closed = Promise.withResolvers<void>();
      await using receiver = await startReceiver((response) => {
        response.on('close', () => closed.resolve());
        response.writeHead(status).write('not all of it');
      });
      expect(await attemptAt(receiver.url, { timeoutMs: 150 })).toMatchObject(expected);
      await closed.promise;
    },
  );

  test('that answers without end is read up to the limit and cut off there', async () => {
    const sent = Promise.withResolvers<number>();
    await using receiver = await startReceiver((response) => {
      let bytes = 0;
      const chunk = Buffer.alloc(16 * 1_024);
      const pump = (): void => {
        do bytes += chunk.length;
        while (response.write(chunk));
      };
      response.writeHead(500).on('drain', pump).on('close', () => sent.resolve(bytes));
      pump();
    });
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'failed', error: 'status 500' });
    expect(await sent.promise).toBeLessThan(WEBHOOK_RESPONSE_BYTES_MAX + BUFFERED_BYTES_MAX);
  });

  test('that announces a body beyond the limit is not waited for', async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(200, { 'content-length': String(WEBHOOK_RESPONSE_BYTES_MAX + 1) }).flushHeaders();
    });
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'delivered' });
  });

  test.each([
    ['resets the connection', afterRequest((socket) => socket.resetAndDestroy()), 'connection closed by the receiver'],
    ['hangs up without an answer', afterRequest((socket) => socket.end()), 'connection closed by the receiver'],
    ['speaks something else', afterRequest((socket) => socket.end('SSH-2.0-secret\r\n')), 'answer was not HTTP'],
    ['sends endless headers', afterRequest((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'secret'.repeat(20_000)}`)), 'answer headers too long'],
  ])('that %s fails the attempt once, with a text of ours', async (_, onSocket, error) => {
    await using receiver = await startSocketReceiver(onSocket);
    await using attempts = startAttempts();
    expect(await attempts.attempt(receiver.url)).toMatchObject({ outcome: 'failed', error });
    expect(attempts.reports).toHaveLength(1);
  });

  test('that does not listen fails the attempt as refused', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    expect(await attemptAt(receiver.url)).toMatchObject({ outcome: 'failed', error: 'connection refused' });
  });

  test('that hangs delays no attempt at another', async () => {
    await using silent = await startSocketReceiver((socket) => socket.resume());
    await using receiver = await startReceiver();
    await using attempts = startAttempts();
    for (let i = 0; i < 20; i += 1) attempts.start(silent.url);
    expect(await attempts.attempt(receiver.url)).toMatchObject({ outcome: 'delivered' });
    expect(attempts.reports).toHaveLength(1);
  });
});
