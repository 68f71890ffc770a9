// Problems: every refusal has one form, a stable code and an explanation on the service itself.

import { expect, test } from 'vitest';
import { freshName, sharedService } from '../harness.ts';
import type { Answer } from '../contract.ts';
import type { Ask, Method } from '../http.ts';

const service = sharedService();

const REFUSED: readonly (readonly [string, number, Method, string, Ask])[] = [
  ['an unknown path', 404, 'GET', '/v1/nothing', {}],
  ['an unknown path beside the root', 404, 'GET', '/constructor', {}],
  ['an unknown lock', 404, 'GET', '/v1/locks/unknown', {}],
  ['a wrong method on the locks', 405, 'DELETE', '/v1/locks', {}],
  ['a wrong method on a lock', 405, 'PATCH', '/v1/locks/a', { json: {} }],
  ['a wrong method on a lease', 405, 'POST', '/v1/leases/lse_x', { json: {} }],
  ['a wrong method on the batches', 405, 'PUT', '/v1/batches', { json: {} }],
  ['a wrong method on health', 405, 'POST', '/health/live', { json: {} }],
  ['text for JSON', 415, 'POST', '/v1/locks/a/leases', { raw: '{}', headers: { 'content-type': 'text/plain' } }],
  ['a form for JSON', 415, 'POST', '/v1/locks/a/leases', { raw: 'ttlMs=5', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ['a body that is too long', 413, 'POST', '/v1/locks/a/leases', { json: { metadata: 'x'.repeat(70_000) } }],
  ['broken JSON', 400, 'POST', '/v1/locks/a/leases', { raw: '{"ttlMs":' }],
  ['JSON with something behind it', 400, 'POST', '/v1/locks/a/leases', { raw: '{} {}' }],
  ['an unknown member', 400, 'POST', '/v1/locks/a/leases', { json: { ttl: 1 } }],
  ['__proto__ as a member', 400, 'POST', '/v1/locks/a/leases', { raw: '{"__proto__":{"ttlMs":1000}}' }],
  ['__proto__ inside the metadata', 400, 'POST', '/v1/locks/a/leases', { raw: '{"metadata":{"__proto__":{"x":1}}}' }],
  ['a constructor with a prototype', 400, 'POST', '/v1/locks/a/leases', { raw: '{"metadata":{"constructor":{"prototype":{"x":1}}}}' }],
  ['a wrong type', 400, 'POST', '/v1/locks/a/leases', { json: { ttlMs: '1000' } }],
  ['an unknown query member', 400, 'GET', '/v1/locks?name=a', {}],
  ['a query member given twice', 400, 'GET', '/v1/locks?limit=1&limit=2', {}],
  ['a page that is not there', 404, 'GET', '/docs/static/nothing.js', {}],
  ['a path that climbs out of the pages', 404, 'GET', '/docs/static/%2e%2e/%2e%2e/package.json', {}],
  ['a broken percent sign', 400, 'GET', '/v1/locks/%zz', {}],
];

test.for(REFUSED)('%s is a problem with status %i and all its members', async ([, status, method, path, ask]) => {
  const answer = await service.client.ask(method, path, ask);
  expect(answer.status).toBe(status);
  expectProblem(answer);
  expect((await service.client.lock('a')).status).toBe(404);
});

test('a wrong method is answered with the right ones', async () => {
  const { headers } = await service.client.ask('PATCH', '/v1/locks', { json: {} });
  expect(headers['allow']?.split(/, ?/u)).toEqual(expect.arrayContaining(['GET', 'POST']));
});

test('the type of a problem leads to its explanation on the service', async () => {
  const { client } = service;
  const lock = freshName();
  await client.hold(lock);
  const problems = [await client.acquire(lock), await client.lock('unknown'), await client.submit({ function: 'missing', items: [] }), await client.ask('GET', '/v1/nothing')];
  for (const { body } of problems) {
    const page = new URL(body.type, client.http.origin);
    expect(page.origin).toBe(new URL(client.http.origin).origin);
    const { status, text } = await client.ask('GET', `${page.pathname}${page.search}`);
    expect(status).toBe(200);
    expect(text).toContain(body.code);
  }
});

test('every problem has an instance of its own', async () => {
  const instances = await Promise.all(Array.from({ length: 20 }, async () => (await service.client.lock('unknown')).body.instance));
  expect(new Set(instances).size).toBe(20);
});

test('a path of the full length of a name works, and one beyond all lengths is a problem', async () => {
  const { client } = service;
  expect((await client.acquire('@'.repeat(256))).status).toBe(201);
  const long = await client.ask('GET', `/v1/locks/${'%40'.repeat(3_000)}`);
  expect([400, 404, 414]).toContain(long.status);
});

test('a body of JSON in another encoding than the usual spelling of its type is taken', async () => {
  const { client } = service;
  const answer = await client.ask('POST', `/v1/locks/${freshName()}/leases`, { raw: '{"ttlMs":5000}', headers: { 'content-type': 'application/json; charset=utf-8' } });
  expect(answer.status).toBe(201);
});

function expectProblem({ status, headers, body }: Answer<object>): void {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/u);
  expect(body.status).toBe(status);
  for (const member of ['type', 'title', 'detail'] as const) expect(body[member]).toMatch(/\S/u);
  expect(body.instance).toMatch(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u);
  expect(body.code).toMatch(/^[a-z][a-z_]*$/u);
}
