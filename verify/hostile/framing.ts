// Framing: bytes on a connection that are HTTP in parts, or not at all.
//
// Owns the table of them. `codes` stands where the answer is certain; where HTTP leaves a choice, any answer will do that
// is an answer. What a smuggled request would have made is named by `Names.lock`, which must never be there.

import type { Chance } from '../chance.ts';
import type { Names } from './request.ts';

export interface Framed {
  readonly bytes: Buffer;
  readonly codes?: readonly string[];
}

type Frame = (names: Names, chance: Chance) => Framed;

const BROKEN = ['malformed_http'];
const HOST = 'Host: localhost\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';

function text(bytes: string, codes?: readonly string[]): Framed {
  return codes === undefined ? { bytes: Buffer.from(bytes, 'latin1') } : { bytes: Buffer.from(bytes, 'latin1'), codes };
}

/** A whole request that declares the lock: what it would do if it were taken for one. */
function declaring({ lock }: Names): string {
  const body = `{"name":"${lock}"}`;
  return `POST /v1/locks HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function posting(framing: string, rest: string): string {
  return `POST /v1/locks HTTP/1.1\r\n${HOST}${JSON_TYPE}${framing}\r\n\r\n${rest}`;
}

const LENGTHS = ['-1', '+5', '5,5', '5, 6', '0x5', '1e3', '99999999999999999999', '5 5', '5;', '\t', '١', '5\r\nContent-Length: 6', '1.0', 'NaN', '18446744073709551617'];
const CODINGS = ['xchunked', 'chunked, identity', 'gzip', 'identity', 'chunked,', 'chu nked', '"chunked"', '\u000bchunked', 'chunked;q=1, x', 'x\r\nTransfer-Encoding: y'];
const SIZES = ['zz', '-1', '0x10', 'ffffffffffffffffff', '10000000000000000', ' 5', '5 5', '+5', '', '5\n', '\u00b5'];
const VERSIONS = ['HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/11', 'HTTP/1', 'http/1.1', 'HTTP /1.1', 'HTP/1.1', 'HTTP/1.1x', 'HTTP/-1.1', ''];
const METHODS = ['get', '', 'G E T', 'GETGETGET', 'CONNECTED', '\u0000GET', 'GE\tT', '{}', 'G\u00cbT', 'A'.repeat(5_000), 'PRI', 'DESCRIBE', 'FLUSH'];
const HEADERS = ['X : 1', 'X\u0000: 1', ': 1', 'X', ' X: 1', 'X\u007f: 1', '\u00e9: 1', 'X: a\u0000b', 'X: a\rb', '(X): 1', 'X: \u0001', 'X\t: 1'];
const TARGETS = ['*', '', 'x', '//', '///', '//evil.example/v1/locks', 'http://evil.example/v1/locks', 'http://localhost/health/live', 'http://[::1', 'http://', 'https://localhost:99999/', 'ftp://x/y', 'localhost:80', '/\u00ff\u00fe', '/v1/locks/%', '/v1/locks?%', '/?%zz=%', '/v1/locks#x', '/v1/locks?#', '/%00', `/${'../'.repeat(300)}etc/passwd`, '/docs/%2e%2e/%2e%2e/package.json', '/docs/static/..%2f..%2fpackage.json', '/docs/static/%c0%ae%c0%ae/', `/${'%41'.repeat(3_000)}`, `/v1/locks?${'a&'.repeat(5_000)}`, '/v1/locks/a;b=c', '/v1/locks\\a', '/metrics?x=1', '/openapi.json', '/docs', '/docs/static/index.html%00', '/problems/..%2fproblems', '/problems/constructor', '?', '/v1/locks/\u0080'];
const OTHERS = ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000', 'EHLO localhost\r\n', 'SSH-2.0-x\r\n', '*1\r\n$4\r\nPING\r\n', '\u0005\u0001\u0000', '{"jsonrpc":"2.0"}\n', '<?xml version="1.0"?>', '\u0000'.repeat(100), 'HTTP/1.1 200 OK\r\n\r\n', '\u00ff'.repeat(3_000)];
const EXPECTATIONS = ['100-continue', '200-ok', '', '100-continue, x', '\u00ff'];
const UPGRADES = ['websocket', 'h2c', 'TLS/1.0', '', 'x, y'];

const refused: readonly Frame[] = [
  (names) => text(posting('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${declaring(names)}`), BROKEN),
  (names) => text(posting('Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${declaring(names)}`), BROKEN),
  (names, chance) => text(posting(`Content-Length: ${chance.pick(LENGTHS)}`, declaring(names)), BROKEN),
  (names, chance) => text(posting(`Transfer-Encoding: ${chance.pick(CODINGS)}`, `0\r\n\r\n${declaring(names)}`), BROKEN),
  (names, chance) => text(posting('Transfer-Encoding: chunked', `${chance.pick(SIZES)}\r\n{"name":"${names.lock}"}\r\n0\r\n\r\n`), BROKEN),
  ({ lock }) => text(posting('Transfer-Encoding: chunked', `2\r\n{"name":"${lock}"}\r\n0\r\n\r\n`), BROKEN),
  ({ lock }, chance) => text(posting('Transfer-Encoding: chunked', `5;${'x'.repeat(chance.pick([20_000, 40_000]))}\r\n{"name":"${lock}"}\r\n0\r\n\r\n`), [...BROKEN, 'body_too_large', 'malformed_json']),
  (names, chance) => text(`POST /v1/locks HTTP/1.1\r\n${HOST}${chance.pick(HEADERS)}\r\n${declaring(names).slice(declaring(names).indexOf('Content-Type'))}`, BROKEN),
  (_names, chance) => text(`${chance.pick(METHODS)} /v1/locks HTTP/1.1\r\n${HOST}\r\n`, BROKEN),
  (_names, chance) => text(`GET /${'a'.repeat(chance.int(16_400, 40_000))} HTTP/1.1\r\n${HOST}\r\n`, ['head_too_large']),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}X: ${'a'.repeat(chance.int(16_400, 40_000))}\r\n\r\n`, ['head_too_large']),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}${Array.from({ length: chance.int(2_000, 5_000) }, (_, nth) => `X${nth}: ${nth}`).join('\r\n')}\r\n\r\n`, ['head_too_large']),
  (_names, chance) => text(chance.pick(OTHERS.slice(0, 3)), BROKEN),
  (_names, chance) => text(`${String.fromCodePoint(chance.int(0x80, 0xff))}${noise(chance, 300)}`, BROKEN),
];

/** Where HTTP or Node leaves a choice: any well-formed answer, or none. */
const free: readonly Frame[] = [
  (_names, chance) => text(chance.pick(OTHERS)),
  (_names, chance) => text(noise(chance, 2_000)),
  (_names, chance) => text(`GET ${chance.pick(TARGETS)} HTTP/1.1\r\n${HOST}\r\n`),
  (_names, chance) => text(`${chance.pick(['OPTIONS', 'DELETE', 'PUT', 'TRACE'])} ${chance.pick(TARGETS)} HTTP/1.1\r\n${HOST}\r\n`),
  (_names, chance) => text(`CONNECT ${chance.pick(['localhost:80', 'evil.example:443', '*', '/'])} HTTP/1.1\r\n${HOST}\r\n`),
  (_names, chance) => text(`GET /health/live ${chance.pick(VERSIONS)}\r\n${HOST}\r\n`),
  (_names, chance) => text(`POST /v1/locks/never/leases HTTP/1.1\r\n${HOST}${JSON_TYPE}Expect: ${chance.pick(EXPECTATIONS)}\r\nContent-Length: 2\r\n\r\n${chance.pick(['', '[]', '['])}`),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: ${chance.pick(UPGRADES)}\r\n\r\n${noise(chance, 100)}`),
  (_names, chance) => text(posting(`Content-Length: ${chance.int(50, 60_000)}`, '{"name":')),
  ({ lock }) => text(posting('Content-Length: 3', `{"name":"${lock}"}`)),
  ({ lock }) => text(posting('', `{"name":"${lock}"}`)),
  (names) => text(posting('Content-Length: 65537', declaring(names))),
  () => text(`POST /v1/batches HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 33554433\r\n\r\n{`),
  (names) => text(`GET /health/live HTTP/1.1\r\n${HOST}Content-Length: ${declaring(names).length}\r\n\r\n${declaring(names)}`),
  (names) => text(`GET /health/live HTTP/1.0\r\n\r\n${declaring(names)}`.replace(HOST, '')),
  (_names, chance) => text(`HEAD ${chance.pick(TARGETS)} HTTP/1.1\r\n${HOST}\r\n`),
  (_names, chance) => text(`HEAD /health/live HTTP/1.1\r\n${HOST}\r\n`.repeat(chance.int(1, 30))),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}\r\n`.repeat(chance.int(1, 30)) + noise(chance, 200)),
  (_names, chance) => text('\r\n'.repeat(chance.int(1, 2_000))),
  (_names, chance) => text(`GET /health/live HTTP/1.1\n${HOST}\n`.repeat(chance.int(1, 3))),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}X: a\r\n ${noise(chance, 20)}\r\n\r\n`),
  (_names, chance) => text(`GET /health/live HTTP/1.1\r\n${HOST}${HOST}${'Cookie: a=b\r\n'.repeat(chance.int(1, 300))}\r\n`),
  ({ lock }, chance) => text(posting('Transfer-Encoding: chunked', `${(lock.length + 2).toString(16)}\r\n"${lock}"\r\n0\r\n${chance.pick(['Content-Length: 5', 'X-Smuggled: 1', 'Host: evil', 'x'])}\r\n\r\n`)),
];

function noise(chance: Chance, bytesMax: number): string {
  return String.fromCodePoint(...Array.from({ length: chance.int(1, bytesMax) }, () => chance.int(0, 0xff)));
}

export function framed(names: Names, chance: Chance): Framed {
  return chance.pick(chance.bool(0.6) ? refused : free)(names, chance);
}
