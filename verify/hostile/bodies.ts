// Bodies: bytes that are no JSON, or JSON that may not be taken, around members that would be right.
//
// Owns the ways in which the text of a body is broken. Does not own members that break a schema (schema.ts).

import type { Chance } from '../chance.ts';
import { objectText } from './schema.ts';

type Members = ReadonlyMap<string, string>;
type Broken = (members: Members, chance: Chance) => Buffer;

/** The whole body with one member more, given as raw bytes. */
function withMember(members: Members, raw: Buffer | string): Buffer {
  const text = objectText(members).slice(0, -1);
  return Buffer.concat([Buffer.from(members.size === 0 ? text : `${text},`), Buffer.from(raw), Buffer.from('}')]);
}

const NOT_UTF8 = [[0xff], [0xfe, 0xff], [0xc0, 0xaf], [0xc3], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80], [0xe2, 0x82]];
const NOT_JSON = ['"x":NaN', '"x":Infinity', '"x":-Infinity', '"x":undefined', '"x":0x10', '"x":007', '"x":+1', '"x":.5', '"x":1.', '"x":1e', "'x':1", 'x:1', '"x":1,', '"x"', '"x":"\n"', '"x":"\u0000"', '"x":"\\x41"', '"x":"\\u12"', '"x":1 /* no */', '"x":"', '"x":tru', '"x":[1,]', '"x":--1', '"x":{"a"}', '"x":\u00a01'];
const POLLUTING = ['"__proto__":{"ttlMs":1000}', '"__proto__":null', '"\\u005f_proto__":1', '"metadata":{"__proto__":{"x":1}}', '"constructor":{"prototype":{"x":1}}', '"x":[{"__proto__":[]}]', '"x":{"constructor":{"a":1,"prototype":null}}'];
const DEEP = [65, 66, 100, 1_000, 10_000, 30_000];

function deep(chance: Chance): string {
  const depth = chance.pick(DEEP);
  const open = chance.pick(['[', '{"a":', '[[],']);
  const close = open.startsWith('{') ? '}' : ']';
  const levels = Math.min(depth, Math.floor(60_000 / (open.length + 1)));
  // Cut in the middle, the text is as deep as whole, and never JSON.
  return chance.bool(0.5) ? `"metadata":${open.repeat(levels)}1${close.repeat(levels)}` : `"metadata":${open.repeat(levels)}`;
}

/** Each gives a body that is `malformed_json`. */
export const brokenBodies: readonly Broken[] = [
  (members, chance) => withMember(members, Buffer.from(['"owner":"'.split(''), chance.pick(NOT_UTF8), ['"']].flat().map((part) => (typeof part === 'string' ? part.codePointAt(0) ?? 0 : part)))),
  (members, chance) => withMember(members, chance.pick(NOT_JSON)),
  (members, chance) => withMember(members, chance.pick(POLLUTING)),
  (members, chance) => withMember(members, deep(chance)),
  (members, chance) => Buffer.from(`${objectText(members)}${chance.pick(['{}', ']', '}', 'x', '\u0000', '// no', ',', '\u2028'])}`),
  (members, chance) => { const whole = Buffer.from(objectText(members)); return whole.subarray(0, Math.max(1, chance.int(1, whole.length - 1))); },
  (members) => Buffer.from(objectText(members), 'utf16le'),
  (members) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(objectText(members), 'utf16le')]),
  (_members, chance) => Buffer.from(Array.from({ length: chance.int(1, 200) }, () => chance.int(0x80, 0xff))),
  () => Buffer.from('a=1&b=2'),
];
