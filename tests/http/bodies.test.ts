// Bodies: what is taken as JSON, and that nothing else reaches the engine.

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BODY_BYTES_MAX, JSON_DEPTH_MAX, JSON_PARTS_MAX } from '../../src/limits.ts';
import { ask, refused, sharedEdge } from './edge.ts';
import { RawConnection } from './raw.ts';

const edge = sharedEdge();
const PATH = '/v1/locks/a/leases';

function nested(depth: number): string {
  return `{"metadata":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
}

/** As long as it says, and refused by no rule but that for lengths. */
function bodyOf(bytes: number): string {
  return '{}'.padEnd(bytes, ' ');
}

test.for([
  ['nothing', undefined, {}],
  ['nothing, declared as JSON', '', { 'content-type': 'application/json' }],
  ['nothing, declared as a form', '', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['an empty object', '{}', {}],
  ['an empty object with space around it', ' \n\t{ } ', {}],
  ['a type with a charset', '{}', { 'content-type': 'application/json; charset=utf-8' }],
  ['a type in capitals', '{}', { 'content-type': 'Application/JSON' }],
  ['JSON of the full depth', nested(JSON_DEPTH_MAX), {}],
  ['brackets and quotes in texts', JSON.stringify({ owner: `"${'[{'.repeat(80)}\\"`, metadata: ['\\', '"', '\\"'] }), {}],
  ['a member named constructor inside', '{"metadata":{"constructor":1,"prototype":2}}', {}],
  ['__proto__ as a text', '{"metadata":"__proto__"}', {}],
  ['a body of the full length', bodyOf(BODY_BYTES_MAX), {}],
] as const)('%s is taken', async ([, body, headers]) => {
  edge.engine.script = () => refused({ code: 'lock_held' });
  expect((await ask(edge, 'POST', PATH, body, headers)).status).toBe(423);
  expect(edge.engine.asked).toMatchObject([{ kind: 'acquire', ttlMs: 30_000, waitMs: 0 }]);
});

test.for([
  ['half an object', '{"ttlMs":'],
  ['two objects', '{}{}'],
  ['text', 'ttlMs=5'],
  ['JSON with a comment', '{} // no'],
  ['a single quote', "{'ttlMs':1000}"],
  ['NaN', '{"ttlMs":NaN}'],
  ['__proto__', '{"__proto__":{"ttlMs":1000}}'],
  ['__proto__ in other letters', String.raw`{"metadata":{"\u005f_proto__":1}}`],
  ['a constructor with a prototype', '{"metadata":{"constructor":{"prototype":1}}}'],
  ['JSON that is one level too deep', nested(JSON_DEPTH_MAX + 1)],
  ['JSON that is far too deep', '['.repeat(60_000)],
  ['objects that are too deep', '{"metadata":'.repeat(70) + '1' + '}'.repeat(70)],
  ['depth behind a quote that is escaped', `{"metadata":["\\"",${'['.repeat(70)}${']'.repeat(70)}]}`],
] as const)('%s is malformed and does nothing', async ([, body]) => {
  const { status, body: told } = await ask(edge, 'POST', PATH, body);
  expect([status, told['code']]).toEqual([400, 'malformed_json']);
  expect(edge.engine.asked).toEqual([]);
});

test('bytes that are no UTF-8 are malformed', async () => {
  const { status, body } = await ask(edge, 'POST', PATH, Uint8Array.from([...Buffer.from('{"owner":"'), 0xff, 0xfe, ...Buffer.from('"}')]));
  expect([status, body['code'], body['detail']]).toEqual([400, 'malformed_json', 'The body is not UTF-8.']);
});

test.for([
  ['a form, as curl sends it', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['plain text', { 'content-type': 'text/plain' }],
  ['another kind of JSON', { 'content-type': 'application/merge-patch+json' }],
  ['a type that is none', { 'content-type': 'json' }],
  ['several parts', { 'content-type': 'multipart/form-data; boundary=x' }],
] as const)('a body declared as %s is refused with the header that it needs', async ([, headers]) => {
  const { status, body } = await ask(edge, 'POST', PATH, '{"owner":"me"}', headers);
  expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
  expect(body['detail']).toContain('Content-Type: application/json');
  expect(edge.engine.asked).toEqual([]);
});

test('a body that is not declared at all is refused', async (context) => {
  const connection = await RawConnection.open(edge.port);
  context.onTestFinished(() => connection.hangUp());
  connection.send(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`);
  expect(await connection.until('unsupported_media_type')).toMatch(/^HTTP\/1\.1 415 /u);
});

test('a compressed body is refused', async () => {
  const { status, body } = await ask(edge, 'POST', PATH, gzipSync('{}'), { 'content-encoding': 'gzip' });
  expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
});

test('a body one byte too long is refused, declared or in chunks', async (context) => {
  const declared = await ask(edge, 'POST', PATH, bodyOf(BODY_BYTES_MAX + 1));
  expect([declared.status, declared.body['code']]).toEqual([413, 'body_too_large']);
  const connection = await RawConnection.open(edge.port);
  context.onTestFinished(() => connection.hangUp());
  connection.send(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let sent = 0; sent <= BODY_BYTES_MAX; sent += 0x4000) connection.send(`4000\r\n${' '.repeat(0x4000)}\r\n`);
  expect(await connection.until('body_too_large')).toMatch(/^HTTP\/1\.1 413 /u);
  expect(edge.engine.asked).toEqual([]);
});

test.for([
  ['declared', `Content-Length: ${2 * BODY_BYTES_MAX}`, ''],
  ['in chunks', 'Transfer-Encoding: chunked', `${(2 * BODY_BYTES_MAX).toString(16)}\r\n`],
])('a body too long, %s, is refused in words although its client goes on sending, and its connection may be used again', async ([, framing, before], context) => {
  const connection = await RawConnection.open(edge.port);
  context.onTestFinished(async () => { connection.hangUp(); });
  connection.socket.pause();
  connection.send(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${framing}\r\n\r\n${before}`);
  for (let sent = 0; sent < 2 * BODY_BYTES_MAX; sent += 0x4000) {
    connection.send(' '.repeat(0x4000));
    await ask(edge, 'GET', '/health/live');
  }
  connection.socket.resume();
  expect(await connection.until('body_too_large')).toMatch(/^HTTP\/1\.1 413 /u);
  connection.send(before === '' ? '' : '\r\n0\r\n\r\n');
  connection.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await connection.until('"live"')).toMatch(/HTTP\/1\.1 200 /u);
});

test('whoever never ends a body that was refused is cut off', async () => {
  const connection = await RawConnection.open(edge.port);
  connection.send(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${2 * BODY_BYTES_MAX}\r\n\r\n`);
  expect(await connection.closed()).toContain('body_too_large');
});

test('a batch may be much longer than other bodies', async () => {
  edge.engine.script = () => refused({ code: 'functions_unknown' });
  const { status } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: ['x'.repeat(10 * BODY_BYTES_MAX)] });
  expect(status).toBe(503);
  expect(edge.engine.asked).toHaveLength(1);
});

function items(item: string, times: number): string {
  return `{"function":"f","items":[[${`${item},`.repeat(times)}0]]}`;
}

describe('a batch of many parts', () => {
  /** The body itself, its two names, the function's and two arrays. */
  const AROUND = 6;

  test.for([
    ['as many as may be', items('{}', JSON_PARTS_MAX - AROUND)],
    ['as many as may be, with brackets in a text', items('{}', JSON_PARTS_MAX - AROUND - 1).replace('0]]}', '"[{[{"]]}')],
    ['twice as many numbers', items('1', 2 * JSON_PARTS_MAX)],
  ] as const)('is taken with %s', async ([, body]) => {
    edge.engine.script = () => refused({ code: 'functions_unknown' });
    expect((await ask(edge, 'POST', '/v1/batches', body)).status).toBe(503);
  });

  test.for([
    ['objects', items('{}', JSON_PARTS_MAX)],
    ['arrays', items('[[[]]]', JSON_PARTS_MAX / 3)],
    ['members', items(`{${'"m":0,'.repeat(99)}"m":0}`, JSON_PARTS_MAX / 100)],
    ['strings', items('"s"', JSON_PARTS_MAX)],
  ] as const)('is refused with too many %s before any is built', async ([, body]) => {
    const { status, body: told } = await ask(edge, 'POST', '/v1/batches', body);
    expect([status, told['code']]).toEqual([413, 'body_too_large']);
    expect(edge.engine.asked).toEqual([]);
  });
});
