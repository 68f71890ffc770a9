// What histories send through: the proxy that treats connections badly, and the connections that tell what became of a
// request.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Connection, watched } from '../../../verify/histories/connection.ts';
import { Proxy } from '../../../verify/histories/proxy.ts';
import type { Finishing } from '../../service/harness.ts';
import { pass, timed } from '../../service/until.ts';

const BODY = 'x'.repeat(1_000);
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

interface Setting {
  readonly proxy: Proxy;
  readonly connection: Connection;
  /** Resolves with the first bytes that reach the service. */
  readonly reached: Promise<unknown>;
}

/** A service that answers each piece of text with one answer, or with none, through a proxy. */
async function behindProxy(context: Finishing, answer = ANSWER): Promise<Setting> {
  const reached = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => {
      socket.write(answer);
      reached.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the service has no port');
  const proxy = await Proxy.listen(() => address.port);
  const connection = new Connection(() => proxy.port);
  context.onTestFinished(async () => {
    connection.hangUp();
    await proxy[Symbol.asyncDispose]();
    server.close();
    await once(server, 'close');
  });
  return { proxy, connection, reached: reached.promise };
}

function ask(connection: Connection, withinMs = 10_000): ReturnType<Connection['ask']> {
  return connection.ask('GET', '/', '', '', withinMs);
}

test('a clear proxy changes nothing', async (context) => {
  const { connection } = await behindProxy(context);
  expect(await ask(connection)).toEqual({ status: 200, text: BODY });
  expect(await ask(connection)).toEqual({ status: 200, text: BODY });
});

test('a delaying proxy makes request and answer late, and loses nothing', async (context) => {
  const { proxy, connection } = await behindProxy(context);
  proxy.weather = { kind: 'delay', ms: 60 };
  const { value, tookMs } = await timed(() => ask(connection));
  expect(value).toEqual({ status: 200, text: BODY });
  expect(tookMs).toBeGreaterThan(115);
});

test('a stalling proxy lets through afterwards what came meanwhile', async (context) => {
  const { proxy, connection } = await behindProxy(context);
  await ask(connection);
  proxy.weather = { kind: 'stall' };
  const answer = ask(connection);
  expect(await Promise.race([answer, pass(80)])).toBeUndefined();
  proxy.weather = { kind: 'clear' };
  expect(await answer).toEqual({ status: 200, text: BODY });
});

test.for([true, false])('a cutting proxy ends an answer after some bytes, and the request is lost (reset: %s)', async (reset, context) => {
  const { proxy, connection } = await behindProxy(context);
  proxy.weather = { kind: 'cut', afterBytes: () => 100, reset };
  expect(await ask(connection)).toEqual({ lost: 'closed', sent: true });
  expect(proxy.broken).toBe(1);
  proxy.weather = { kind: 'clear' };
  expect(await ask(connection)).toEqual({ status: 200, text: BODY });
});

test('a reset ends every connection of the moment', async (context) => {
  const { proxy, connection, reached } = await behindProxy(context, '');
  const answer = ask(connection);
  await reached;
  proxy.resetAll();
  expect(await answer).toEqual({ lost: 'closed', sent: true });
});

test('a request to a port where nobody listens was not sent', async () => {
  const proxy = await Proxy.listen(() => 0);
  const { port } = proxy;
  await proxy[Symbol.asyncDispose]();
  expect(await ask(new Connection(() => port))).toEqual({ lost: 'closed', sent: false });
});

test('a request that is not answered in its time is lost', async (context) => {
  const { connection } = await behindProxy(context, '');
  await watched([connection], async () => {
    expect(await ask(connection, 500)).toEqual({ lost: 'late', sent: true });
  });
});

test('a request whose client hangs up is lost', async (context) => {
  const { connection, reached } = await behindProxy(context, '');
  const answer = ask(connection);
  await reached;
  connection.hangUp();
  expect(await answer).toEqual({ lost: 'hungUp', sent: true });
});
