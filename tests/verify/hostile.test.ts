// Hostile input in small: the same code as the long verification, with seeds that stay and a new one, and its checkers
// tried on answers that are wrong.

import { describe, expect, test } from 'vitest';
import { readAnswers, type Answer } from '../../verify/hostile/answers.ts';
import { unexpected } from '../../verify/hostile/fuzz.ts';
import { inputOf, type Stage } from '../../verify/hostile/inputs.ts';
import { complaint, readKnownProblems, type Oracle } from '../../verify/hostile/oracle.ts';
import { illTreat } from '../../verify/hostile/part.ts';
import { OPERATIONS } from '../../verify/hostile/schema.ts';

const NEW_SEED = Date.now() % 1_000_000;
const STAGE: Stage = { theirs: { lock: 'held', lease: `lse_${'a'.repeat(24)}`, batch: `bat_${'a'.repeat(24)}`, function: 'echo' }, never: 'never/', maybe: 'maybe/' };

test('hostile inputs neither end the service nor change anything for others, and a crowd that waits is let go', { timeout: 60_000 }, async ({ annotate }) => {
  await annotate(`seeds 1 and ${NEW_SEED}`);
  const found = await illTreat({ seeds: [1, NEW_SEED], fuzzMs: 4_000, inputsMax: 2_000, slow: 0, restMs: 0, crowd: { clients: 400, workMs: 500 }, trespasses: 500, heavy: false }, () => undefined);
  expect(found.complaints).toEqual([]);
  for (const { inputs, malformed } of found.tallies) expect([malformed > 250, malformed < inputs]).toEqual([true, true]);
  expect(found.crowd.answered).toBe(200);
});

describe('inputs', () => {
  const inputs = Array.from({ length: 20_000 }, (_, nth) => inputOf(7, nth, STAGE));

  test('of one seed and number are the same each time', () => {
    for (const { nth, bytes } of inputs.slice(0, 500)) expect(inputOf(7, nth, STAGE).bytes.equals(bytes)).toBe(true);
  });

  test.for(OPERATIONS)('have something wrong with $id', ({ id }) => {
    expect(inputs.filter(({ kind, codes }) => kind.endsWith(`, ${id}`) && codes !== undefined).length).toBeGreaterThan(10);
  });

  test('that are malformed are told from those that are only odd', () => {
    expect(inputs.filter(({ isRight, codes }) => isRight === true && codes !== undefined)).toEqual([]);
    const odd = inputs.filter(({ isRight }) => isRight === true).length / inputs.length;
    expect([odd > 0.08, odd < 0.2]).toEqual([true, true]);
  });

  test('that must be refused speak of locks that nobody else makes', () => {
    const making = inputs.filter(({ codes, bytes }) => codes !== undefined && bytes.includes('maybe'));
    expect(making).toEqual([]);
  });
});

function read(text: string): ReturnType<typeof readAnswers> {
  return readAnswers(Buffer.from(text, 'latin1'));
}

describe('the reader of answers', () => {
  test('reads answers one behind the other, counted, in chunks and without a body', () => {
    const { answers, broken, isCut } = read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n');
    expect([answers.map(({ status, body }) => [status, body]), broken, isCut]).toEqual([[[200, 'ab'], [200, 'c'], [204, '']], undefined, false]);
  });

  test.for(['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'HTTP/1.1 200 OK\r\nContent-', 'HTTP/1', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'])('knows %j to be cut', (text) => {
    expect(read(text)).toEqual({ answers: [], isCut: true });
  });

  test.for([
    'hello', 'HTTP/1.0 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nab', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.1 999 X\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc',
  ])('complains about %j', (text) => {
    expect(read(text).broken).toBeDefined();
  });
});

function answer(status: number, code?: string): Answer {
  return { status, headers: new Map(), body: JSON.stringify({ code }) };
}

describe('the oracle', () => {
  const oracle: Oracle = { problems: readKnownProblems(), secrets: ['lse_secret'] };
  const told = { type: '/problems/lock_held', title: 'x', status: 423, detail: 'x', instance: `urn:uuid:${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`, code: 'lock_held' };
  const about = (status: number, body: unknown, headers: Record<string, string> = { 'content-type': 'application/problem+json' }): string | undefined =>
    complaint(oracle, { status, headers: new Map(Object.entries(headers)), body: typeof body === 'string' ? body : JSON.stringify(body) });

  test('has nothing to say about a problem as the page has it, about a success and about an answer without a body', () => {
    expect([about(423, told), about(409, { ...told, status: 409 }), about(200, '{}', {}), about(404, '', {})]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test.for([
    ['a failure inside', 500, { ...told, code: 'internal_error', type: '/problems/internal_error', status: 500 }],
    ['a status that nobody foresaw', 502, 'x'],
    ['a problem that is text', 400, 'Bad Request'],
    ['a problem that is a list', 423, []],
    ['a code that the page does not have', 423, { ...told, code: 'locked', type: '/problems/locked' }],
    ['a code with another status', 404, { ...told, status: 404 }],
    ['a problem that says another status than it has', 423, { ...told, status: 409 }],
    ['a problem of another type', 423, { ...told, type: 'about:blank' }],
    ['a problem without an instance', 423, { ...told, instance: undefined }],
    ['a member that nobody knows', 423, { ...told, lease: 'x' }],
    ['a member of another type', 423, { ...told, waiters: '3' }],
    ['a stack', 423, { ...told, detail: 'x at Object.parse (node:internal/x:1:2)' }],
    ['a place in the source', 423, { ...told, detail: 'engine.ts:12:4' }],
    ['the lease of another', 423, { ...told, detail: 'held by lse_secret' }],
    ['the lease of another in a success', 200, '{"id":"lse_secret"}'],
    ['an overload that does not say when to come again', 503, { ...told, code: 'overloaded', type: '/problems/overloaded', status: 503 }],
  ] as const)('complains about %s', ([, status, body]) => {
    expect(about(status, body)).toBeDefined();
  });

  test('complains about a header that the client wrote, and about a problem that is not declared as one', () => {
    expect(about(200, '{}', { 'x-smuggled': '1' })).toBeDefined();
    expect(about(423, told, { 'content-type': 'application/json' })).toBeDefined();
  });

  test('complains when what must be refused is not, is refused for something else, or is not answered', () => {
    const input = { nth: 1, kind: 'x', bytes: Buffer.alloc(0), codes: ['invalid_request'], conduct: 'kept' } as const;
    expect(unexpected(input, [answer(400, 'invalid_request')])).toBeUndefined();
    for (const answers of [[answer(201)], [answer(404, 'not_found')], []]) expect(unexpected(input, answers)).toBeDefined();
  });
});
