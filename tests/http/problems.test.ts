// Problems: codes, table, document and answers say the same.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isProblemCode, problem, PROBLEMS, retryAfterSeconds } from '../../src/routes/problems.ts';
import type { Refusal } from '../../src/state/replies.ts';
import { ask, held, refused, sharedEdge } from './edge.ts';

const document = readFileSync(new URL('../../openapi/problems.md', import.meta.url), 'utf8');
const codes = Object.keys(PROBLEMS).filter((code) => isProblemCode(code));
const edge = sharedEdge();

test('every code has one entry in the document, and every entry is a code', () => {
  const entries = [...document.matchAll(/^## `(?<code>\w+)`$/gmu)].map(({ groups }) => groups?.['code']);
  expect(entries).toHaveLength(codes.length);
  expect(new Set(entries)).toEqual(new Set(codes));
});

test.for(codes)('the entry of %s names its status', (code) => {
  const entry = document.split(/^(?=## )/mu).find((part) => part.startsWith(`## \`${code}\``));
  expect(entry).toContain(`Status ${PROBLEMS[code].status}`);
});

test.for(codes)('the type of %s leads to its entry', async (code) => {
  const { status, headers, text } = await ask(edge, 'GET', problem(code).type);
  expect([status, headers['content-type']]).toEqual([200, 'text/markdown; charset=utf-8']);
  expect(text).toMatch(new RegExp(`^## \`${code}\``, 'u'));
});

test.for(['nothing', 'constructor', '__proto__', 'lock_held2'])('there is no entry for %s', async (code) => {
  expect((await ask(edge, 'GET', `/problems/${code}`)).status).toBe(404);
});

test('a problem that may pass says when to try again, in whole seconds rounded up', () => {
  expect(retryAfterSeconds(problem('lock_held', { retryAfterMs: 1_001 }))).toBe('2');
  expect(retryAfterSeconds(problem('lock_held', { retryAfterMs: 1 }))).toBe('1');
  expect(retryAfterSeconds(problem('lock_held'))).toBeUndefined();
  for (const code of codes.filter((each) => [429, 503].includes(PROBLEMS[each].status))) expect(retryAfterSeconds(problem(code))).toBe('1');
});

describe('a refusal of the machine', () => {
  const lock = { name: 'a', waiters: 3, holder: { lease: held({ id: 'lse_secret-secret-secret-secret', owner: 'me', fencingToken: 7, metadata: { job: 1 } }), endsAt: 21_000 } };
  const refusals: readonly (readonly [Refusal, number, object])[] = [
    [{ code: 'lock_held', lock, retryAfterMs: 4_200 }, 423, {
      waiters: 3, retryAfterMs: 4_200, holders: [{ owner: 'me', fencingToken: 7, grantedAt: '2026-11-23T08:30:00.000Z', expiresAt: '2026-11-23T08:30:21.000Z', metadata: { job: 1 } }],
    }],
    [{ code: 'wait_timed_out', lock: { name: 'a', waiters: 0 } }, 423, { holders: [], waiters: 0 }],
    [{ code: 'wait_queue_full' }, 429, { retryAfterMs: 1_000 }],
    [{ code: 'lease_lost', reason: 'revoked', fencingToken: 7, detail: 'taken' }, 410, { reason: 'revoked', fencingToken: 7, detail: 'taken' }],
    [{ code: 'idempotency_key_reused' }, 422, {}],
    [{ code: 'overloaded' }, 503, { retryAfterMs: 1_000 }],
    [{ code: 'shutting_down', retryAfterMs: 5_000 }, 503, { retryAfterMs: 5_000 }],
    [{ code: 'task_failed', batch: 'bat_x', error: { name: 'E', message: 'm', kind: 'error' } }, 422, { batch: 'bat_x', error: { name: 'E', message: 'm', kind: 'error' } }],
    [{ code: 'lock_not_shareable', pointer: '/items/0' }, 422, { pointer: '/items/0' }],
  ];

  test.for(refusals)('%o becomes a problem with status %i', async ([refusal, status, members]) => {
    edge.engine.script = () => refused(refusal);
    const { status: answered, headers, body } = await ask(edge, 'POST', '/v1/locks/a/leases');
    expect([answered, headers['content-type'], headers['cache-control']]).toEqual([status, 'application/problem+json; charset=utf-8', 'no-store']);
    expect(body).toMatchObject({
      ...members, code: refusal.code, status, type: `/problems/${refusal.code}`, title: PROBLEMS[refusal.code].title,
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/u), detail: refusal.detail ?? PROBLEMS[refusal.code].detail,
    });
    const { retryAfterMs } = problem(refusal.code, { retryAfterMs: refusal.retryAfterMs });
    expect(headers['retry-after']).toBe(retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1_000)));
    expect(JSON.stringify(body)).not.toContain('lse_');
  });

  test.for([['DELETE', ''], ['POST', '/revoke']] as const)('a held lock is a conflict for %s %s', async ([method, rest]) => {
    edge.engine.script = () => refused({ code: 'lock_held', fencingToken: 9 });
    const { status, body } = await ask(edge, method, `/v1/locks/a${rest}`);
    expect([status, body]).toEqual([409, expect.objectContaining({ status: 409, code: 'lock_held', fencingToken: 9 })]);
  });
});
