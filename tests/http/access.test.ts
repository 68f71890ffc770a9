// Access: who is answered at all.

import { describe, expect, test } from 'vitest';
import { ask, sharedEdge } from './edge.ts';
import { RawConnection } from './raw.ts';

const OPEN = ['/health/live', '/health/ready', '/openapi.json', '/docs', '/docs/static/swagger-ui.css', '/problems/lock_held'];

describe('without tokens', () => {
  const edge = sharedEdge();

  test.for(['localhost', 'localhost:7420', 'LOCALHOST', '127.0.0.1:1', '127.8.9.10', '[::1]', '[::1]:7420'])('a request to %s is taken', async (host) => {
    expect((await ask(edge, 'DELETE', '/v1/locks/a', undefined, { host })).status).toBe(204);
    expect((await ask(edge, 'DELETE', '/v1/locks/a', undefined, { host, origin: `http://${host}` })).status).toBe(204);
  });

  test.for([
    'example.com', 'localhost.example.com', 'example-localhost', '127.0.0.1.example.com', '127.0.0', '127.1', '1270.0.0.1', '128.0.0.1', '0.0.0.0', '[::2]', '[::ffff:7f00:1]', 'localhost:x', 'a@localhost', 'localhost/x', ' ', 'localhost, example.com',
  ])('a request to %s is refused and does nothing', async (host) => {
    const { status, body } = await ask(edge, 'DELETE', '/v1/locks/a', undefined, { host });
    expect([status, body['code']]).toEqual([403, 'origin_refused']);
    expect(edge.engine.asked).toEqual([]);
  });

  test.for(['null', 'http://example.com', 'http://localhost', 'http://localhost:7421', 'ws://localhost:7420', 'localhost:7420', 'http://localhost:7420/', ''])('a request that a page of %j sent is refused', async (origin) => {
    const { status, body } = await ask(edge, 'DELETE', '/v1/locks/a', undefined, { host: 'localhost:7420', origin });
    expect([status, body['code']]).toEqual([403, 'origin_refused']);
    expect(edge.engine.asked).toEqual([]);
  });

  test('the rule holds for every path, also for one that there is not', async () => {
    for (const path of [...OPEN, '/metrics', '/v1/nothing']) expect((await ask(edge, 'GET', path, undefined, { host: 'example.com' })).status).toBe(403);
  });

  test('a good host is not remembered for a bad one', async () => {
    const hosts = ['localhost', 'example.com', 'localhost', 'example.com'];
    const answers = [];
    for (const host of hosts) answers.push((await ask(edge, 'DELETE', '/v1/locks/a', undefined, { host })).status);
    expect(answers).toEqual([204, 403, 204, 403]);
  });

  test('a request without a host is no request', async () => {
    const connection = await RawConnection.open(edge.port);
    connection.send('GET /v1/locks HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed_http"/u);
  });
});

describe('with tokens', () => {
  const tokens = ['first-token-0123456789', 'second-token-0123456789'];
  const edge = sharedEdge({ tokens });

  test.for(
    ['/docs/../', '/docs/%2e%2e/', '/docs/static/../../', '/docs/.%2E/', '/docs//../../', String.raw`/docs\../`, '//docs/../', '/docs/./../'].flatMap((way) =>
      ['metrics', 'v1/locks', 'v1/functions', 'v1/batches', 'v1/leases/lse_AAAAAAAAAAAAAAAAAAAAAAAA'].map((path) => way + path)),
  )('nobody comes by way of the pages to what needs one: %s', async (path) => {
    const connection = await RawConnection.open(edge.port);
    connection.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 (?:400|401|404) [\s\S]*"code":"(?:not_found|unauthorized|malformed_http)"/u);
    expect(edge.engine.asked).toEqual([]);
  });

  test.for(tokens)('%s is good for everything, from any page and under any name', async (token) => {
    const headers = { authorization: `Bearer ${token}`, host: 'locks.example', origin: 'https://pages.example' };
    expect((await ask(edge, 'DELETE', '/v1/locks/a', undefined, headers)).status).toBe(204);
    expect((await ask(edge, 'GET', '/metrics', undefined, headers)).status).toBe(200);
    expect((await ask(edge, 'DELETE', '/v1/locks/a', undefined, { authorization: `bearer  ${token} ` })).status).toBe(204);
  });

  test.for([
    ['none', {}], ['an empty one', { authorization: 'Bearer ' }], ['a wrong one', { authorization: 'Bearer wrong' }], ['the beginning of one', { authorization: 'Bearer first-token' }],
    ['one with more behind it', { authorization: 'Bearer first-token-0123456789x' }], ['both', { authorization: `Bearer ${tokens.join(',')}` }],
    ['one in another scheme', { authorization: 'Basic first-token-0123456789' }], ['one without a scheme', { authorization: 'first-token-0123456789' }],
  ] as const)('a request with %s is refused, whatever it asks', async ([, headers]) => {
    for (const [method, path] of [['DELETE', '/v1/locks/a'], ['GET', '/metrics'], ['GET', '/v1/nothing'], ['PATCH', '/v1/locks'], ['GET', '/v1/leases/x'], ['POST', '/v1/locks']] as const) {
      const answer = await ask(edge, method, path, method === 'POST' ? '{' : undefined, headers);
      expect([answer.status, answer.body['code'], answer.headers['www-authenticate']]).toEqual([401, 'unauthorized', 'Bearer realm="holdfast"']);
    }
    expect(edge.engine.asked).toEqual([]);
  });

  test.for(OPEN)('%s needs none', async (path) => {
    expect((await ask(edge, 'GET', path)).status).toBe(200);
    expect((await ask(edge, 'GET', path, undefined, { authorization: 'Bearer wrong' })).status).toBe(200);
  });

  test('a key belongs to the caller who sent it', async () => {
    for (const token of tokens) await ask(edge, 'POST', '/v1/batches', { function: 'f', items: [] }, { authorization: `Bearer ${token}`, 'idempotency-key': 'k' });
    const [first, second] = edge.engine.asked.map((asked) => (asked.kind === 'submitBatch' ? asked.key : undefined));
    expect(first?.fingerprint).toBe(second?.fingerprint);
    expect(first?.id).not.toBe(second?.id);
  });
});
