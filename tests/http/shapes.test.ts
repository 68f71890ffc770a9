// Shapes: what each operation takes, what it refuses, and how it says which member is wrong.

import { describe, expect, test } from 'vitest';
import { ask, refused, sharedEdge } from './edge.ts';

const edge = sharedEdge();
const LEASE = '/v1/leases/lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const BATCH = '/v1/batches/bat_AAAAAAAAAAAAAAAAAAAAAAAA';

/** Every character in percents, so that no client and no router can change the path on the way. */
function percent(name: string): string {
  return [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

describe('a body', () => {
  test.for([
    ['POST', '/v1/locks', { name: 'a', permits: 2 }, '/permits'],
    ['POST', '/v1/locks', {}, '/name'],
    ['POST', '/v1/locks', { name: 'a', kind: 'semaphore' }, '/kind'],
    ['POST', '/v1/locks', { name: 'a', description: 'd'.repeat(1_025) }, '/description'],
    ['POST', '/v1/locks', { name: 'a', labels: { team: 7 } }, '/labels/team'],
    ['POST', '/v1/locks', { name: 'a', labels: { ['l'.repeat(129)]: '' } }, '/labels'],
    ['PUT', '/v1/locks/a', { name: 'a' }, '/name'],
    ['PUT', '/v1/locks/a', { kind: null }, '/kind'],
    ['POST', '/v1/locks/a/revoke', { fencingToken: 0 }, '/fencingToken'],
    ['POST', '/v1/locks/a/revoke', { fencingToken: '34' }, '/fencingToken'],
    ['POST', '/v1/locks/a/revoke', { fencingToken: 2 ** 53 }, '/fencingToken'],
    ['POST', '/v1/locks/a/leases', { ttl: 1 }, '/ttl'],
    ['POST', '/v1/locks/a/leases', { 'a/b~c': 1 }, '/a~1b~0c'],
    ['POST', '/v1/locks/a/leases', { ttlMs: 99 }, '/ttlMs'],
    ['POST', '/v1/locks/a/leases', { ttlMs: 86_400_001 }, '/ttlMs'],
    ['POST', '/v1/locks/a/leases', { ttlMs: '1000' }, '/ttlMs'],
    ['POST', '/v1/locks/a/leases', { ttlMs: true }, '/ttlMs'],
    ['POST', '/v1/locks/a/leases', { ttlMs: 1_000.5 }, '/ttlMs'],
    ['POST', '/v1/locks/a/leases', { waitMs: 240_001 }, '/waitMs'],
    ['POST', '/v1/locks/a/leases', { waitMs: -1 }, '/waitMs'],
    ['POST', '/v1/locks/a/leases', { owner: null }, '/owner'],
    ['POST', '/v1/locks/a/leases', { owner: 'o'.repeat(257) }, '/owner'],
    ['POST', '/v1/locks/a/leases', { metadata: 'é'.repeat(2_048) }, '/metadata'],
    ['POST', `${LEASE}/renew`, { ttlMs: 99 }, '/ttlMs'],
    ['POST', `${LEASE}/renew`, { waitMs: 1 }, '/waitMs'],
    ['POST', '/v1/batches', { function: 'f' }, '/items'],
    ['POST', '/v1/batches', { function: '', items: [] }, '/function'],
    ['POST', '/v1/batches', { function: 'f', items: {} }, '/items'],
    ['POST', '/v1/batches', { function: 'f', items: Array.from({ length: 100_001 }, () => 0) }, '/items'],
    ['POST', '/v1/batches', { function: 'f', items: [], call: 'imap' }, '/call'],
    ['POST', '/v1/batches', { function: 'f', items: [], chunkSize: 0 }, '/chunkSize'],
    ['POST', '/v1/batches', { function: 'f', items: [], timeoutMs: 0 }, '/timeoutMs'],
    ['POST', '/v1/batches', { function: 'f', items: [], waitMs: 240_001 }, '/waitMs'],
    ['POST', '/v1/batches', { function: 'f', items: [], initializer: {} }, '/initializer/function'],
    ['POST', '/v1/batches', { function: 'f', items: [], initializer: { function: 'g', args: {} } }, '/initializer/args'],
    ['POST', '/v1/batches', { function: 'f', items: [], globals: [] }, '/globals'],
    ['POST', '/v1/batches', { function: 'f', items: [], callback: { url: 'https://example.com', secret: 'x' } }, '/callback/secret'],
    ['POST', '/v1/batches', { function: 'f', items: [], callback: { url: 'example.com' } }, '/callback/url'],
    ['POST', '/v1/batches', { function: 'f', items: [], errorCallback: { url: 'ftp://example.com' } }, '/errorCallback/url'],
    ['POST', `${BATCH}/cancel`, { reason: 'x' }, '/reason'],
    ['DELETE', LEASE, { force: true }, '/force'],
    ['DELETE', '/v1/locks/a', { force: true }, '/force'],
  ] as const)('%s %s with %o is refused at %s', async ([method, path, body, pointer]) => {
    const answer = await ask(edge, method, path, body);
    expect([answer.status, answer.body['code'], answer.body['pointer']]).toEqual([400, 'invalid_request', pointer]);
    expect(answer.body['detail']).toContain(pointer);
    expect(edge.engine.asked).toEqual([]);
  });

  test.for([[[]], ['text'], [7], [null], [true]] as const)('that is %o is refused', async ([body]) => {
    const answer = await ask(edge, 'POST', '/v1/locks/a/leases', JSON.stringify(body));
    expect([answer.status, answer.body['code'], answer.body['pointer']]).toEqual([400, 'invalid_request', undefined]);
  });

  test('is never repeated in a problem: neither a value nor what is longer than a pointer may be', async () => {
    const wrong = await ask(edge, 'POST', '/v1/locks/a/leases', { ttlMs: 'a-secret-value' });
    expect(wrong.text).not.toContain('a-secret-value');
    const long = await ask(edge, 'POST', '/v1/locks/a/leases', { ['m'.repeat(10_000)]: 1 });
    expect(long.text.length).toBeLessThan(1_500);
  });
});

describe('the name of a lock', () => {
  const GOOD = ['a', 'orders/42', 'a:b@c.d_e-f', '...', '.a', '..a', 'a..', '__proto__', 'constructor', '0', '/', 'n'.repeat(256), '@'.repeat(256)];
  const BAD = ['', '.', '..', ' ', 'a b', 'ü', 'a%b', 'a\u0000', 'a\\b', 'a"b', 'n'.repeat(257), 'n'.repeat(3_000), 'a\n'];

  test.for(GOOD)('%s reaches the engine as it is', async (name) => {
    edge.engine.script = () => refused({ code: 'lock_exists' });
    await ask(edge, 'GET', `/v1/locks/${percent(name)}`);
    await ask(edge, 'POST', '/v1/locks', { name });
    await ask(edge, 'POST', `/v1/locks/${percent(name)}/leases`);
    expect(edge.engine.asked).toMatchObject([{ name }, { lock: { name } }, { lock: name }]);
  });

  test.for(BAD)('%j is refused wherever it stands', async (name) => {
    const path = `/v1/locks/${percent(name)}`;
    const answers = [
      await ask(edge, 'GET', path), await ask(edge, 'PUT', path, {}), await ask(edge, 'DELETE', path), await ask(edge, 'POST', `${path}/leases`),
      await ask(edge, 'GET', `${path}/waiters`), await ask(edge, 'POST', `${path}/revoke`), await ask(edge, 'POST', '/v1/locks', { name }),
    ];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(answers.map(() => [400, 'lock_name_invalid']));
    expect(edge.engine.asked).toEqual([]);
  });

  test('is decoded once', async () => {
    expect((await ask(edge, 'GET', '/v1/locks/a%252Fb')).body['code']).toBe('lock_name_invalid');
    await ask(edge, 'DELETE', '/v1/locks/a%2Fb');
    expect(edge.engine.asked).toEqual([{ kind: 'deleteLock', name: 'a/b' }]);
  });

  test.for(['%', '%z', '%zz', '%E0%A4%A', 'a%'])('that is encoded as %s is refused', async (encoded) => {
    const { status, body } = await ask(edge, 'GET', `/v1/locks/${encoded}`);
    expect([status, body['code']]).toEqual([400, 'lock_name_invalid']);
  });
});

describe('an id of the wrong form is unknown', () => {
  const FORMS = ['x', 'lse_', 'bat_', 'lse_short', 'bat_short', `lse_${'a'.repeat(65)}`, `bat_${'a'.repeat(65)}`, `LSE_${'a'.repeat(24)}`, 'constructor', '%00', `lse_${'a'.repeat(23)}%20`];

  test.for(FORMS)('%s', async (id) => {
    const leases = [await ask(edge, 'GET', `/v1/leases/${id}`), await ask(edge, 'POST', `/v1/leases/${id}/renew`), await ask(edge, 'DELETE', `/v1/leases/${id}`)];
    expect(leases.map(({ status, body }) => [status, body['code']])).toEqual(leases.map(() => [404, 'lease_not_found']));
    const batches = [await ask(edge, 'GET', `/v1/batches/${id}`), await ask(edge, 'GET', `/v1/batches/${id}/results`), await ask(edge, 'POST', `/v1/batches/${id}/cancel`)];
    expect(batches.map(({ status, body }) => [status, body['code']])).toEqual(batches.map(() => [404, 'batch_not_found']));
    expect(edge.engine.asked).toEqual([]);
  });
});

describe('a query', () => {
  test.for([
    ['/v1/locks?name=a', 'name'], ['/v1/locks?limit=0', 'limit'], ['/v1/locks?limit=1001', 'limit'], ['/v1/locks?limit=x', 'limit'], ['/v1/locks?limit=', 'limit'],
    ['/v1/locks?limit=1e2', 'limit'], ['/v1/locks?limit=0x10', 'limit'], ['/v1/locks?limit=%201', 'limit'], ['/v1/locks?limit=1&limit=2', 'limit'],
    ['/v1/locks?state=open', 'state'], ['/v1/locks?prefix=%20', 'prefix'], ['/v1/locks?cursor=%00', 'cursor'], ['/v1/locks?cursor=', 'cursor'], ['/v1/locks?__proto__=1', '__proto__'],
    ['/v1/locks/a/waiters?prefix=a', 'prefix'], [`${LEASE}?waitMs=240001`, 'waitMs'], [`${LEASE}?waitMs=-1`, 'waitMs'], [`${LEASE}?waitMs=true`, 'waitMs'],
    [`${BATCH}?waitMs=1.5`, 'waitMs'], ['/v1/batches?state=ended', 'state'], [`${BATCH}/results?limit=0`, 'limit'],
  ] as const)('%s is refused for %s', async ([path, parameter]) => {
    const { status, body } = await ask(edge, 'GET', path);
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    expect(body['detail']).toContain(`The parameter ${parameter} `);
    expect(edge.engine.asked).toEqual([]);
  });

  test.for(['/v1/locks?cursor=A', '/v1/locks?cursor=_', '/v1/batches?cursor=AB', '/v1/locks/a/waiters?cursor=gA'])('%s has a cursor that nobody gave out', async (path) => {
    const { status, body } = await ask(edge, 'GET', path);
    expect([status, body['code']]).toEqual([400, 'cursor_invalid']);
  });

  test('reaches the engine with its numbers and its place', async () => {
    edge.engine.script = () => ({ kind: 'locks', locks: [], nextCursor: 'orders/42' });
    const { body } = await ask(edge, 'GET', '/v1/locks?prefix=orders/&state=locked&limit=7');
    expect(body).toEqual({ locks: [], nextCursor: Buffer.from('orders/42').toString('base64url') });
    await ask(edge, 'GET', `/v1/locks?cursor=${String(body['nextCursor'])}`);
    expect(edge.engine.asked).toEqual([
      { kind: 'listLocks', prefix: 'orders/', state: 'locked', limit: 7 }, { kind: 'listLocks', prefix: '', limit: 100, cursor: 'orders/42' },
    ]);
  });
});

describe('a path', () => {
  test.for(['/', '/v1', '/v1/', '/v1/nothing', '/v1/locks/a/b', '/constructor', '/v1/locks/a/leases/b', '/V1/locks', '/v2/locks'])('%s is not found', async (path) => {
    const { status, body } = await ask(edge, 'GET', path);
    expect([status, body['code']]).toEqual([404, 'not_found']);
  });

  test.for([
    ['DELETE', '/v1/locks', 'GET, POST'], ['PATCH', '/v1/locks/a', 'DELETE, GET, PUT'], ['POST', '/v1/locks/a', 'DELETE, GET, PUT'], ['GET', '/v1/locks/a/leases', 'POST'],
    ['PUT', '/v1/leases/x', 'DELETE, GET'], ['GET', '/v1/leases/x/renew', 'POST'], ['OPTIONS', '/v1/locks', 'GET, POST'], ['POST', '/health/live', 'GET, HEAD'],
    ['PUT', '/v1/batches', 'GET, POST'], ['DELETE', '/v1/batches/x', 'GET'], ['HEAD', '/v1/locks', 'GET, POST'], ['POST', '/metrics', 'GET'], ['POST', '/openapi.json', 'GET'],
  ] as const)('is known but not with %s: %s', async ([method, path, allow]) => {
    const { status, headers } = await ask(edge, method, path);
    expect([status, headers['allow']]).toEqual([405, allow]);
  });

  test('that is unknown is said to be so whatever its body is', async () => {
    expect((await ask(edge, 'POST', '/v1/nothing', '{', {})).status).toBe(404);
    expect((await ask(edge, 'PATCH', '/v1/locks/a', 'x', { 'content-type': 'text/plain' })).status).toBe(405);
  });
});
