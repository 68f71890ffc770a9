// Request: one request to one operation of the specification, in pieces that can be made wrong one at a time.
//
// Owns how a request is put together and written. Does not own what is wrong with it (wrong.ts).

import type { Chance } from '../chance.ts';
import { objectText, rightText, whole, type Operation, type Schema } from './schema.ts';

/** What requests speak of, and what becomes of it tells whether one of them did what it should not. */
export interface Names {
  /** A lock's name. */
  readonly lock: string;
  readonly lease: string;
  readonly batch: string;
  readonly function: string;
}

export interface Draft {
  readonly operation: Operation;
  method: string;
  /** Percent-encoded, without the query. */
  path: string;
  readonly query: [name: string, value: string][];
  readonly headers: [name: string, value: string][];
  /** The members of the body, as JSON; `undefined` for a request without a body. */
  members: Map<string, string> | undefined;
  /** Takes the place of `members`. */
  body?: Buffer;
  contentType: string | undefined;
  host: string | undefined;
}

/** What a body may be: deletions take an empty one although the specification shows none. */
export function bodySchema({ body, method }: Operation): Schema | undefined {
  return body ?? (method === 'DELETE' ? { type: 'object', properties: {}, additionalProperties: false } : undefined);
}

/** A request that the service takes, unless what it speaks of stands in its way. */
export function rightDraft(operation: Operation, names: Names, chance: Chance): Draft {
  const path = operation.path.replaceAll(/\{(?<name>\w+)\}/gu, (_, name: string) => percent(name === 'code' ? 'lock_held' : Reflect.get(names, name)));
  const query = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.name !== 'cursor' && chance.bool(0.4))
    .map(({ name, schema }): [string, string] => [name, percent(String(JSON.parse(name === 'waitMs' ? '1' : rightText(schema, chance))))]);
  return {
    operation, method: operation.method, path, query, headers: rightHeaders(operation, chance), members: rightMembers(operation, names, chance),
    contentType: 'application/json', host: 'localhost',
  };
}

function rightHeaders({ parameters }: Operation, chance: Chance): [string, string][] {
  const headers = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  return headers.filter(() => chance.bool(0.2)).map((name) => [name, name === 'Prefer' ? chance.pick(['respond-async', 'wait=5', 'respond-async; a="b"']) : `key-${chance.int(0, 999)}`]);
}

function rightMembers(operation: Operation, names: Names, chance: Chance): Map<string, string> | undefined {
  const schema = operation.body;
  if (schema === undefined) return undefined;
  const members = new Map<string, string>();
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (schema.required?.includes(name) !== true && chance.bool(0.5)) continue;
    members.set(name, fixedText(name, names, chance) ?? rightText(member, chance));
  }
  return members;
}

/** Members whose values decide what a request may leave behind, or for how long it takes a connection. */
function fixedText(member: string, names: Names, chance: Chance): string | undefined {
  switch (member) {
    case 'name': return JSON.stringify(names.lock);
    case 'function': return JSON.stringify(names.function);
    case 'ttlMs': return String(chance.int(100, 300));
    case 'waitMs': return String(chance.int(0, 5));
    case 'timeoutMs': return '60000';
    case 'fencingToken': return '1';
    case 'initializer': return objectText([['function', JSON.stringify(names.function)]]);
    case 'callback':
    case 'errorCallback': return '{"url":"http://192.0.2.1/"}';
    default: return undefined;
  }
}

/** The bytes of a text, all of them percent-encoded but letters, digits and a few that no one can mistake. */
export function percent(text: string): string {
  return [...Buffer.from(text)].map((byte) => (/[\w.~-]/u.test(String.fromCodePoint(byte)) ? String.fromCodePoint(byte) : `%${byte.toString(16).padStart(2, '0')}`)).join('');
}

export function bodyOf({ body, members }: Draft): Buffer | undefined {
  return body ?? (members === undefined ? undefined : Buffer.from(objectText(members)));
}

/** The request as it goes over the wire. */
export function written(draft: Draft): Buffer {
  const body = bodyOf(draft);
  const head = headOf(draft, body === undefined ? [] : [['Content-Length', String(body.length)]]);
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** The head of the request, with the headers that say how its body is framed. */
export function headOf({ method, path, query, host, headers, contentType, ...draft }: Draft, framing: readonly (readonly [string, string])[]): Buffer {
  const target = path + (query.length === 0 ? '' : `?${query.map(([name, value]) => `${name}=${value}`).join('&')}`);
  const hasBody = draft.body !== undefined || draft.members !== undefined;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(host === undefined ? [] : [`Host: ${host}`]),
    ...(hasBody && contentType !== undefined ? [`Content-Type: ${contentType}`] : []),
    ...[...framing, ...headers].map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The schemas of a body's members, those of the objects in it too, with the way to each. */
export function membersOf(schema: Schema, way: readonly string[] = []): readonly { readonly way: readonly string[]; readonly schema: Schema; readonly isRequired: boolean }[] {
  const { properties = {}, required = [] } = whole(schema);
  return Object.entries(properties).flatMap(([name, member]) => [
    { way: [...way, name], schema: whole(member), isRequired: required.includes(name) }, ...membersOf(whole(member), [...way, name]),
  ]);
}
