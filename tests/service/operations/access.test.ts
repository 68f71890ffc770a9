// Who may speak to the service: the origin rule without tokens, and tokens.

import { describe, expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';

const TOKENS = ['the-first-token-of-the-tests-0123456789', 'the-second-token-of-the-tests-0123456789'] as const;

describe('without tokens', () => {
  const service = sharedService();

  test.for([
    ['another site\'s origin', { origin: 'http://evil.example' }],
    ['another site\'s secure origin', { origin: 'https://evil.example' }],
    ['no origin at all in a sandbox', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another site\'s name as its host', { host: 'evil.example' }],
    ['a name that only begins like this machine', { host: '127.0.0.1.evil.example' }],
    ['a name that ends like this machine', { host: 'evil-localhost:80' }],
  ] as const)('a request with %s is refused and does nothing', async ([, headers]) => {
    const { client } = service;
    const lock = freshName();
    for (const method of ['GET', 'POST'] as const) {
      const { status, body } = await client.ask(method, `/v1/locks/${lock}${method === 'GET' ? '' : '/leases'}`, { headers });
      expect([status, body.code]).toEqual([403, 'origin_refused']);
    }
    expect((await client.lock(lock)).status).toBe(404);
  });

  test.for(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('a request with the host %s is taken', async (host) => {
    const { client } = service;
    const { port } = new URL(client.http.origin);
    expect((await client.ask('POST', `/v1/locks/${freshName()}/leases`, { headers: { host: `${host}:${port}` } })).status).toBe(201);
  });

  test('a request from the service\'s own pages is taken', async () => {
    const { client } = service;
    expect((await client.ask('POST', `/v1/locks/${freshName()}/leases`, { headers: { origin: client.http.origin } })).status).toBe(201);
  });

  test('no answer invites another site to read it', async () => {
    const { headers } = await service.client.ask('OPTIONS', '/v1/locks', { headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('with tokens', () => {
  const service = sharedService({ environment: { HOLDFAST_TOKENS: TOKENS.join(',') } });

  test.for([
    ['none', {}], ['a wrong one', { authorization: 'Bearer wrong' }], ['the beginning of one', { authorization: `Bearer ${TOKENS[0].slice(0, -1)}` }],
    ['one in the wrong scheme', { authorization: `Basic ${TOKENS[0]}` }], ['both at once', { authorization: `Bearer ${TOKENS.join(',')}` }], ['an empty one', { authorization: 'Bearer ' }],
  ] as const)('a request with %s is refused', async ([, headers]) => {
    const { client } = service;
    for (const path of ['/v1/locks', '/v1/batches', '/v1/functions', '/metrics', '/v1/leases/lse_x']) {
      const { status, headers: answered, body } = await client.ask('GET', path, { headers });
      expect([path, status]).toEqual([path, 401]);
      expect(body.code).toMatch(/^[a-z_]+$/u);
      expect(answered['www-authenticate']).toMatch(/^Bearer/u);
    }
    expect((await client.ask('POST', `/v1/locks/${freshName()}/leases`, { headers, json: {} })).status).toBe(401);
  });

  test.for(TOKENS.map((token, index) => [index, token] as const))('a request with token %i is taken, whatever its origin', async ([, token]) => {
    const { client } = service;
    const headers = { authorization: `Bearer ${token}` };
    expect((await client.acquire(freshName(), {}, headers)).status).toBe(201);
    expect((await client.ask('GET', '/v1/locks', { headers: { ...headers, host: 'locks.example' } })).status).toBe(200);
    expect((await client.ask('GET', '/metrics', { headers })).status).toBe(200);
  });

  test('health, pages and specification need no token, nor does the explanation of a problem', async () => {
    const { client } = service;
    for (const path of ['/health/live', '/health/ready', '/openapi.json']) expect((await client.ask('GET', path)).status).toBe(200);
    expect((await client.ask('GET', '/docs')).status).toBeLessThan(400);
    const { body } = await client.ask('GET', '/v1/locks');
    expect((await client.ask('GET', new URL(body.type, client.http.origin).pathname)).status).toBe(200);
  });

  test('a key belongs to its caller', async () => {
    const { client } = service;
    const lock = freshName();
    const key = { 'idempotency-key': 'the same for both' };
    const one = await client.acquire(lock, { waitMs: 100 }, { ...key, authorization: `Bearer ${TOKENS[0]}` });
    const other = await client.acquire(lock, { waitMs: 100 }, { ...key, authorization: `Bearer ${TOKENS[1]}` });
    expect([one.status, other.status]).toEqual([201, 423]);
  });

  test('no token is ever logged', () => {
    for (const token of TOKENS) expect(service.output).not.toContain(token);
  });
});
