// Wrong: requests of every operation with exactly one thing wrong, and the codes that it may be refused with.
//
// Owns the ways in which a well-framed request can be wrong. Each refuses to be drawn where an operation has no place
// for it.

import type { Chance } from '../chance.ts';
import { brokenBodies } from './bodies.ts';
import { bodySchema, membersOf, percent, type Draft } from './request.ts';
import { BAD_NAMES, OPERATIONS, objectText, wrongTexts, type Schema } from './schema.ts';

/** Makes one thing wrong; `undefined` where the operation has nothing of the kind. Returns the codes that may come. */
export type Way = (draft: Draft, chance: Chance) => readonly string[] | undefined;

const INVALID = ['invalid_request'];
const NAME_INVALID = ['lock_name_invalid'];

const wrongMember: Way = (draft, chance) => {
  const schema = bodySchema(draft.operation);
  const members = membersOf(schema ?? {}).filter((member) => wrongTexts(member.schema).length > 0);
  if (members.length === 0) return undefined;
  const { way, schema: member } = chance.pick(members);
  set(draft, way, chance.pick(wrongTexts(member)));
  return way[0] === 'name' ? ['lock_name_invalid', 'invalid_request'] : INVALID;
};

/** Writes a text where the way leads; what is on the way is made anew, with what it must have. */
function set(draft: Draft, [name = '', inner]: readonly string[], text: string): void {
  draft.members ??= new Map();
  const beside = name === 'initializer' && inner !== 'function' ? [['function', '"nothing"'] as const] : [];
  draft.members.set(name, inner === undefined ? text : objectText([...beside, [inner, text]]));
}

const missingMember: Way = (draft, chance) => {
  const required = bodySchema(draft.operation)?.required ?? [];
  if (required.length === 0) return undefined;
  const name = chance.pick(required);
  draft.members?.delete(name);
  return name === 'name' ? ['lock_name_invalid', 'invalid_request'] : INVALID;
};

const UNKNOWN = ['ttl', 'TTLMS', 'ttlMs ', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '__proto', '__defineGetter__', '', ' ', 'a/b~c', '\ud800', 'length', '0', '$ref', 'm'.repeat(5_000)];

const unknownMember: Way = (draft, chance) => {
  const schema = bodySchema(draft.operation);
  if (schema === undefined) return undefined;
  draft.members ??= new Map();
  draft.members.set(chance.pick(UNKNOWN), chance.pick(['null', '1', '{}', '"x"']));
  return INVALID;
};

const noObject: Way = (draft, chance) => {
  if (bodySchema(draft.operation) === undefined) return undefined;
  draft.body = Buffer.from(chance.pick(['[]', '[{}]', '"{}"', '7', '-0', 'null', 'true', '1e308', '1e400', '[null]']));
  return INVALID;
};

const brokenBody: Way = (draft, chance) => {
  const schema = bodySchema(draft.operation);
  if (schema === undefined) return undefined;
  draft.members ??= new Map();
  draft.body = chance.pick(brokenBodies)(draft.members, chance);
  return ['malformed_json'];
};

const UNDECLARED = ['', 'text/plain', 'json', 'application/x-www-form-urlencoded', 'application/merge-patch+json', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json', 'application/*', '\u00ff/\u00ff', 'application/json/x', '*/*'];

const undeclaredBody: Way = (draft, chance) => {
  if (bodySchema(draft.operation) === undefined) return undefined;
  draft.members ??= new Map();
  if (chance.bool(0.3)) draft.headers.push(['Content-Encoding', chance.pick(['gzip', 'br', 'deflate', 'x', 'gzip, identity', 'identity, gzip'])]);
  else draft.contentType = chance.bool(0.1) ? undefined : chance.pick(UNDECLARED);
  return ['unsupported_media_type'];
};

const BAD_ENCODINGS = ['%', '%z', '%zz', '%E0%A4%A', 'a%', '%0', '%%32', '%u0041'];
const BAD_BYTES = ['%ff', '%c0%af', '%ed%a0%80', '%f8%88%80%80%80', '%E0%A4%A'];
const BAD_IDS = ['x', 'lse_', 'bat_', 'lse_short', 'constructor', '__proto__', '%00', '.', '%2e', 'lse_%0d%0aX-Smuggled:%201AAAAAA', `lse_${'a'.repeat(65)}`, `bat_${'a'.repeat(2_000)}`, `LSE_${'a'.repeat(24)}`];
const UNKNOWN_CODES: Readonly<Record<string, readonly string[]>> = { lease: ['lease_not_found'], batch: ['batch_not_found'], function: ['function_not_found', 'functions_unknown'], code: ['not_found'] };

const wrongPath: Way = (draft, chance) => {
  const name = /\{(?<name>\w+)\}/u.exec(draft.operation.path)?.groups?.['name'];
  if (name === undefined) return undefined;
  const isBroken = chance.bool(0.3);
  const value = name === 'lock' ? chance.pick([...BAD_NAMES.map((bad) => percent(bad)), 'a%252Fb']) : chance.pick(BAD_IDS);
  draft.path = draft.operation.path.replace(`{${name}}`, () => (isBroken ? chance.pick([...BAD_ENCODINGS, ...BAD_BYTES]) : value));
  if (name === 'lock') return NAME_INVALID;
  // A dot leads nowhere else: the path is taken as it stands.
  return isBroken ? [...INVALID, ...UNKNOWN_CODES[name] ?? []] : [...UNKNOWN_CODES[name] ?? [], 'not_found'];
};

const wrongQuery: Way = (draft, chance) => {
  const parameters = draft.operation.parameters.filter((parameter) => parameter.in === 'query');
  if (parameters.length === 0) return undefined;
  const { name, schema } = chance.pick(parameters);
  draft.query.splice(0, Infinity, ...draft.query.filter(([earlier]) => earlier !== name), [name, chance.pick(wrongValues(name, schema))]);
  if (chance.bool(0.3)) draft.query.splice(0, Infinity, [chance.pick(['x', 'Limit', '__proto__', 'constructor', 'toString', '', `${name}%00`, `${name}[]`]), '1']);
  return name === 'cursor' ? [...INVALID, 'cursor_invalid'] : INVALID;
};

function wrongValues(name: string, { type, enum: values, pattern }: Schema): readonly string[] {
  if (type === 'integer') return ['x', '', '1e2', '0x10', '%201', '-1', '1.5', '9007199254740993', '99999999999999999999', 'NaN', 'Infinity', '+1', '1%00', `1&${name}=1`, '%zz'];
  if (values !== undefined) return ['', 'no', `${values[0]}%20`, `${values[0]},${values[1]}`, `${values[0]}&${name}=${values[0]}`];
  return pattern === undefined ? [] : ['%20', '%00', '%ff', 'x'.repeat(1_025), '%zz', '%0d%0aX-Smuggled:%201', `a&${name}=a`];
}

const wrongKey: Way = (draft, chance) => {
  if (!draft.operation.parameters.some(({ name }) => name === 'Idempotency-Key')) return undefined;
  // Where a callback can be sent to is asked earlier.
  for (const member of ['callback', 'errorCallback']) draft.members?.delete(member);
  draft.headers.splice(0, Infinity, ['Idempotency-Key', chance.pick(['', 'k'.repeat(256), '\u00e9', 'a\tb', '""', '"\u00ff"', `"${'k'.repeat(300)}"`])]);
  return INVALID;
};

const HOSTS = ['', 'evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '[::2]', '[::1', '::1', 'localhost@evil.example', '0.0.0.0', 'localhost:999999', '127.0.0.1:80:80', '2130706433', '0x7f.1', 'localhost.', 'localhost/', 'localhost, evil.example', '\u00ff'];
const ORIGINS = ['null', '', 'https://evil.example', 'http://localhost.evil.example', 'http://localhost:1', 'file://', 'http://localhost@evil.example', 'http://localhost/', 'x'];

const wrongHost: Way = (draft, chance) => {
  draft.host = chance.bool(0.1) ? undefined : chance.pick(HOSTS);
  return draft.host === undefined ? ['malformed_http'] : ['origin_refused'];
};

const wrongOrigin: Way = (draft, chance) => {
  draft.headers.push(['Origin', chance.pick(ORIGINS)]);
  return ['origin_refused'];
};

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'UNLOCK', 'MKCOL', 'PURGE', 'SEARCH', 'QUERY', 'M-SEARCH', 'SOURCE'];

const wrongMethod: Way = (draft, chance) => {
  const known = new Set(OPERATIONS.filter(({ path }) => path === draft.operation.path).map(({ method }) => method));
  draft.method = chance.pick(METHODS.filter((method) => !known.has(method)));
  draft.members = undefined;
  return ['method_not_allowed'];
};

const unknownPath: Way = (draft, chance) => {
  const { path } = draft;
  draft.path = chance.pick([`${path}/x/y/z`, path.replace('/', '//'), path.toUpperCase(), `/${path}`, '/v1', '/v1/nothing', '/v2/locks', '/%2e%2e/etc/passwd', '/..%2f..%2fetc', '/v1/../v1/nothing', '/constructor', '/.env', '/docs/../../x', '/v1/locks/a/leases/b/c', `${path};x=1/y/z/u`]);
  draft.members = undefined;
  return ['not_found', 'lock_name_invalid'];
};

/** What only an acquire can have wrong. */
const wrongAcquire: Way = (draft, chance) => {
  if (draft.operation.id !== 'acquireLock') return undefined;
  draft.headers.splice(0);
  const [member, text] = chance.pick([['waitMs', '240001'], ['waitMs', '86400000'], ['metadata', JSON.stringify('m'.repeat(4_097))], ['metadata', JSON.stringify('é'.repeat(2_049))]] as const);
  draft.members?.set(member, text);
  return INVALID;
};

export const WAYS: readonly { readonly kind: string; readonly way: Way }[] = [
  { kind: 'a member that its schema refuses', way: wrongMember },
  { kind: 'a member that is missing', way: missingMember },
  { kind: 'a member that nobody knows', way: unknownMember },
  { kind: 'a body that is no object', way: noObject },
  { kind: 'a body that is no JSON', way: brokenBody },
  { kind: 'a body that is not declared', way: undeclaredBody },
  { kind: 'a wrong path parameter', way: wrongPath },
  { kind: 'a wrong query', way: wrongQuery },
  { kind: 'a wrong key', way: wrongKey },
  { kind: 'a foreign host', way: wrongHost },
  { kind: 'a foreign origin', way: wrongOrigin },
  { kind: 'a wrong method', way: wrongMethod },
  { kind: 'an unknown path', way: unknownPath },
  { kind: 'an acquire over its bounds', way: wrongAcquire },
];
