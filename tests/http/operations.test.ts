// Operations: health, metrics, what is counted, and what the log may say.

import { expect, test } from 'vitest';
import { ask, held, serve, sharedEdge } from './edge.ts';

const edge = sharedEdge();
const ID = 'lse_SECRETSECRETSECRETSECRET';

test('a process that answers is live', async () => {
  expect((await ask(edge, 'GET', '/health/live')).body).toEqual({ status: 'live' });
  expect((await ask(edge, 'HEAD', '/health/ready')).status).toBe(200);
});

test.for(['draining', 'stopped'] as const)('a service that is %s is not ready, and says when to come back', async (phase, context) => {
  const own = await serve(context);
  own.engine.state.phase = phase;
  const { status, body, headers } = await ask(own, 'GET', '/health/ready');
  expect([status, body['code'], headers['retry-after'], headers['cache-control']]).toEqual([503, 'shutting_down', '1', 'no-store']);
  expect((await ask(own, 'GET', '/health/live')).status).toBe(200);
});

test('workers that do not start are told, and leave the service ready', async (context) => {
  const own = await serve(context);
  own.engine.state.restart = { losses: 3, notBefore: 0 };
  const { status, body } = await ask(own, 'GET', '/health/ready');
  expect([status, body]).toEqual([200, { status: 'ready', workers: { status: 'failing', functions: 0, lost: 3, broken: [] } }]);
});

test('the metrics come as the telemetry wrote them', async () => {
  const { status, headers, text } = await ask(edge, 'GET', '/metrics');
  expect([status, headers['content-type'], text]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'holdfast_lock_waiters 0\n']);
});

test('requests are counted by the template of their route', async (context) => {
  const own = await serve(context);
  await ask(own, 'DELETE', `/v1/leases/${ID}`);
  await ask(own, 'GET', '/v1/locks/a%20b');
  await ask(own, 'GET', '/v1/nothing');
  await ask(own, 'PATCH', '/v1/locks');
  await ask(own, 'POST', '/v1/locks', '{');
  expect(own.counted).toEqual([
    { route: '/v1/leases/:lease', method: 'DELETE', status: 204 }, { route: '/v1/locks/:lock', method: 'GET', status: 400 }, { route: '', method: 'GET', status: 404 },
    { route: '', method: 'PATCH', status: 405 }, { route: '/v1/locks', method: 'POST', status: 400 },
  ]);
});

test('what nobody expected is a problem that says nothing of the inside, and one line in the log', async (context) => {
  const own = await serve(context);
  own.engine.script = () => { throw new Error('a secret of ours'); };
  const { status, body, text } = await ask(own, 'POST', `/v1/leases/${ID}/renew`, {});
  expect([status, body['code']]).toEqual([500, 'internal_error']);
  expect(text).not.toContain('a secret of ours');
  const lines = own.logged.filter((line) => 'err' in line);
  expect(lines).toEqual([{ instance: body['instance'], method: 'POST', route: '/v1/leases/:lease/renew', err: expect.objectContaining({ message: 'a secret of ours' }) }]);
});

test('a reply of another kind than was asked for is what nobody expected', async () => {
  edge.engine.script = () => ({ kind: 'done' });
  expect((await ask(edge, 'GET', '/v1/locks/a')).status).toBe(500);
});

test('no line of the log and no problem carries a lease, a token, metadata or a body', async (context) => {
  const token = 'a-token-that-is-secret';
  const own = await serve(context, { tokens: [token] });
  const headers = { authorization: `Bearer ${token}` };
  own.engine.script = (asked) => {
    if (asked.kind === 'renew') throw new Error('failed');
    return { kind: 'lease', grant: 'sole', view: { lease: held({ id: ID, metadata: 'secret-metadata' }), endsAt: 31_000 } };
  };
  const problems = [
    await ask(own, 'GET', `/v1/leases/${ID}?waitMs=x`, undefined, headers), await ask(own, 'PATCH', `/v1/leases/${ID}`, {}, headers), await ask(own, 'POST', `/v1/leases/${ID}/renew`, '{', headers),
    await ask(own, 'POST', `/v1/leases/${ID}/renew`, {}, headers), await ask(own, 'GET', `/v1/leases/${ID}`, undefined, { authorization: `Bearer ${token}x` }), await ask(own, 'GET', `/v1/leases/${ID}/nothing`, undefined, headers),
    await ask(own, 'POST', '/v1/locks/a/leases', { metadata: 'secret-metadata', owner: 5 }, headers), await ask(own, 'GET', `/v1/leases/${ID}%`, undefined, headers),
  ];
  await ask(own, 'GET', `/v1/leases/${ID}`, undefined, headers);
  await ask(own, 'POST', '/v1/locks/a/leases', { metadata: 'secret-metadata' }, headers);
  expect(problems.every(({ status }) => status >= 400)).toBe(true);
  const said = [...problems.map(({ text }) => text), ...own.logged.map((line) => JSON.stringify(line)), JSON.stringify(own.counted)].join('\n');
  for (const secret of [ID, token, 'secret-metadata']) expect(said).not.toContain(secret);
});
