// Connections: what is no HTTP, and what a stop does to connections.

import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { refused, serve } from './edge.ts';
import { RawConnection } from './raw.ts';

test.for([
  ['garbage', 'hello\r\n\r\n', 400, 'malformed_http'],
  ['the beginning of TLS', '\u0016\u0003\u0001\u0002\u0000\u0001', 400, 'malformed_http'],
  ['a header with a bad character', 'GET / HTTP/1.1\r\nHost: localhost\r\nX\u0000: 1\r\n\r\n', 400, 'malformed_http'],
  ['two lengths', 'POST /v1/locks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400, 'malformed_http'],
  ['a length beside chunks', 'POST /v1/locks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}', 400, 'malformed_http'],
  ['a head that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431, 'head_too_large'],
  ['headers that are too long', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'head_too_large'],
] as const)('%s is answered with a problem, and the connection is closed', async ([, bytes, status, code], context) => {
  const { port, engine } = await serve(context);
  const connection = await RawConnection.open(port);
  connection.send(bytes);
  const answer = await connection.closed();
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `, 'u'));
  expect(answer).toContain('application/problem+json');
  expect(answer).toContain(`"code":"${code}"`);
  expect(engine.asked).toEqual([]);
});

test.for([
  ['the whole address as its target', 'GET http://localhost/health/live HTTP/1.1', '', 200],
  ['the old version', 'GET /health/live HTTP/1.0', '', 200],
  ['an expectation that nobody knows', 'GET /health/live HTTP/1.1', 'Expect: 200-ok\r\n', 200],
  ['an upgrade that nobody offers', 'GET /health/live HTTP/1.1', 'Upgrade: websocket\r\n', 200],
  ['the server as its target', 'OPTIONS * HTTP/1.1', '', 404],
  ['doubled slashes', 'GET //health//live HTTP/1.1', '', 404],
  ['a method of other protocols', 'PROPFIND /v1/locks HTTP/1.1', '', 405],
  ['a percent sign that encodes nothing', 'GET /health/%zz HTTP/1.1', '', 400],
  ['a percent sign that encodes nothing in a query', 'GET /v1/locks?prefix=%zz HTTP/1.1', '', 400],
] as const)('a request with %s is answered like any other', async ([, line, header, status], context) => {
  const { port } = await serve(context);
  const connection = await RawConnection.open(port);
  connection.send(`${line}\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`);
  const answer = await connection.closed();
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `, 'u'));
  expect(answer).toContain(status < 400 ? '"status":"live"' : 'application/problem+json');
});

test('an answer to what is no HTTP arrives although the client was still sending', async (context) => {
  const { port } = await serve(context);
  const connection = await RawConnection.open(port);
  const head = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}`;
  connection.socket.pause();
  for (let piece = 0; piece < 20; piece += 1) {
    connection.send(head);
    await (await fetch(`http://127.0.0.1:${port}/health/live`)).text();
  }
  connection.socket.resume();
  expect(await connection.closed()).toContain('"code":"head_too_large"');
});

test('whoever goes on sending what is no HTTP is cut off', async (context) => {
  const { port } = await serve(context);
  const connection = await RawConnection.open(port);
  const sending = setInterval(() => connection.send('hello\r\n\r\n'), 20);
  context.onTestFinished(async () => { clearInterval(sending); });
  expect(await connection.closed()).toContain('"code":"malformed_http"');
});

test('a connection that ends in the middle of a request is nobody\'s failure', async (context) => {
  const { port, logged, engine, origin } = await serve(context);
  const connection = await RawConnection.open(port);
  connection.send('POST /v1/locks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"name":');
  connection.hangUp();
  await connection.closed();
  expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  expect(engine.asked).toEqual([]);
  expect(logged.filter((line) => 'err' in line)).toEqual([]);
});

test('closing does not wait for connections that clients keep', async (context) => {
  const { app, origin } = await serve(context);
  const agent = new Agent({ connections: 1, keepAliveTimeout: 60_000 });
  context.onTestFinished(() => agent.destroy());
  await (await agent.request({ origin, path: '/health/live', method: 'GET' })).body.text();
  const began = performance.now();
  await app.close();
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('closing waits for an answer that is under way, and then not for its connection', async (context) => {
  const { app, origin, engine } = await serve(context);
  engine.script = () => undefined;
  const agent = new Agent({ connections: 1, keepAliveTimeout: 60_000 });
  context.onTestFinished(() => agent.destroy());
  const answer = agent.request({ origin, path: '/v1/locks/a', method: 'GET' });
  await engine.until('asked', 1);
  const closed = app.close();
  engine.answer(engine.latest, refused({ code: 'lock_not_found' }));
  expect((await answer).statusCode).toBe(404);
  const began = performance.now();
  await (await answer).body.text();
  await closed;
  expect(performance.now() - began).toBeLessThan(5_000);
});
