// Schema: what the specification says of a value, turned into values that keep it and texts that break it.
//
// Owns the reading of openapi/openapi.json. A text that breaks a schema breaks it for certain; texts of which that cannot
// be said (doubled members, -0) are others' (bodies.ts).

import { readFileSync } from 'node:fs';
import type { Chance } from '../chance.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: 'string' | 'integer' | 'object' | 'array';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for each parameter of the path. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, {
    readonly operationId: string;
    readonly parameters?: readonly Parameter[];
    readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const document: Document = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'));

/** Every operation of the specification. */
export const OPERATIONS: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
    id: operationId, method: method.toUpperCase(), path, parameters, body: whole(requestBody?.content['application/json']?.schema),
  })));

/** The schema itself where another only names it. */
export function whole(schema: Schema): Schema;
export function whole(schema: Schema | undefined): Schema | undefined;
export function whole(schema: Schema | undefined): Schema | undefined {
  const name = schema?.$ref?.split('/').at(-1);
  return name === undefined ? schema : document.components.schemas[name];
}

const NAMES = ['a', 'orders/42', 'a:b@c.d_e-f', '...', '.a', '__proto__', 'constructor', 'hasOwnProperty', 'n'.repeat(256), '@', '0'];
const TEXTS = ['', 'x', 'é', '\u{1f512}', '\ud800', '\udfff\ud800', '\u0000', '\u2028', '"\\', '%0d%0aX-Smuggled: 1', '\r\nX-Smuggled: 1', '<script>', '${7*7}', "' or 1=1"];
const ANYTHING = ['null', 'true', '-0', '0', '1e308', '5e-324', '9007199254740993', '1e400', '-1e400', '"NaN"', '"\\ud800"', '[]', '{}', '[[[]]]', '{"constructor":1}', '{"a":1,"a":2}', '{"":""}', '{"toString":null,"valueOf":[]}'];

/** A JSON text that the schema takes. */
export function rightText(schema: Schema, chance: Chance): string {
  const { type, enum: values, minimum = 0, maximum = 1_000, items = {}, properties = {}, required = [] } = whole(schema);
  if (values !== undefined) return JSON.stringify(chance.pick(values));
  switch (type) {
    case 'integer': return String(chance.pick([minimum, Math.min(maximum, minimum + chance.int(0, 1_000))]));
    case 'string': return rightString(whole(schema), chance);
    case 'array': return `[${Array.from({ length: chance.int(0, 3) }, () => rightText(items, chance)).join(',')}]`;
    case 'object': return objectText(Object.entries(properties).filter(([name]) => required.includes(name) || chance.bool(0.5))
      .map(([name, member]) => [name, rightText(member, chance)]));
    case undefined:
    default: return chance.pick(ANYTHING);
  }
}

export function objectText(members: Iterable<readonly [string, string]>): string {
  return `{${[...members].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

function rightString({ pattern, minLength = 0 }: Schema, chance: Chance): string {
  if (pattern !== undefined) return JSON.stringify(chance.pick(NAMES));
  const text = chance.pick(TEXTS);
  return JSON.stringify(text.length < minLength ? 'x' : text);
}

const NO_STRINGS = ['null', 'true', '7', '1e308', '[]', '{}', '["a"]'];
const NO_INTEGERS = ['null', 'true', '"5"', '""', '"NaN"', '1.5', '1e308', '-1e308', '1e400', '5e-324', '9007199254740993', '-9007199254740993', '[]', '[5]', '{}'];
const NO_OBJECTS = ['null', 'false', '0', '"{}"', '[]', '[{}]'];
const NO_ARRAYS = ['null', 'true', '7', '"[]"', '{}', '{"length":1}', '{"0":1}'];
export const BAD_NAMES = ['', '.', '..', ' ', 'a b', 'ü', 'a%b', 'a\u0000', 'a\\b', 'a"b', 'n'.repeat(257), 'a\n', '\ud800', 'a?b', 'a#b', 'a\r\nX-Smuggled: 1', '*'];

/** JSON texts that the schema refuses by itself; those inside of an object are its members' own. */
export function wrongTexts(schema: Schema): readonly string[] {
  const { type, enum: values, minimum, maximum, minLength = 0, maxLength, pattern, maxProperties, additionalProperties } = whole(schema);
  if (values !== undefined) return [...NO_STRINGS, '""', '"no"', JSON.stringify(`${values[0]} `), JSON.stringify(values[0]?.toUpperCase())];
  switch (type) {
    case 'integer': return [...NO_INTEGERS, ...[minimum].flatMap((min) => (min === undefined ? [] : [String(min - 1)])), ...[maximum].flatMap((max) => (max === undefined || max >= Number.MAX_SAFE_INTEGER ? [] : [String(max + 1)]))];
    case 'string': return [...NO_STRINGS, ...(minLength > 0 ? ['""'] : []), ...(maxLength === undefined ? [] : [JSON.stringify('x'.repeat(maxLength + 1))]), ...(pattern === undefined ? [] : BAD_NAMES.map((name) => JSON.stringify(name)))];
    case 'array': return NO_ARRAYS;
    case 'object': return [...NO_OBJECTS, ...(maxProperties === undefined ? [] : [objectText(Array.from({ length: maxProperties + 1 }, (_, nth) => [`l${nth}`, '""']))]),
      ...(typeof additionalProperties === 'object' ? wrongTexts(additionalProperties).map((text) => objectText([['member', text]])) : [])];
    case undefined:
    default: return [];
  }
}
