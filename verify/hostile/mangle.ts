// Mangle: bytes of a right request, damaged without knowing what they mean.
//
// Owns the kinds of damage. What comes out may still be a right request; so what it speaks of may be there afterwards.

import type { Chance } from '../chance.ts';

type Damage = (bytes: Buffer, chance: Chance) => Buffer;

function spliced(bytes: Buffer, from: number, to: number, ...between: readonly Buffer[]): Buffer {
  return Buffer.concat([bytes.subarray(0, from), ...between, bytes.subarray(to)]);
}

function range(bytes: Buffer, chance: Chance): readonly [number, number] {
  const from = chance.int(0, bytes.length - 1);
  return [from, chance.int(from, Math.min(bytes.length, from + 40))];
}

const INTERESTING = ['\r\n', '\n', '\r', '\u0000', '%', '"', '\\', '{', '[', ':', ',', ' ', '\t', '\u00ff', '-', '0', '9'.repeat(30), '\r\n\r\n', '1e999', '\\ud800'];

const damages: readonly Damage[] = [
  (bytes, chance) => { const copy = Buffer.from(bytes); copy[chance.int(0, copy.length - 1)]! ^= 1 << chance.int(0, 7); return copy; },
  (bytes, chance) => { const copy = Buffer.from(bytes); copy[chance.int(0, copy.length - 1)] = chance.int(0, 0xff); return copy; },
  (bytes, chance) => { const [from, to] = range(bytes, chance); return spliced(bytes, from, to); },
  (bytes, chance) => { const [from, to] = range(bytes, chance); return spliced(bytes, to, to, bytes.subarray(from, to)); },
  (bytes, chance) => { const at = chance.int(0, bytes.length); return spliced(bytes, at, at, Buffer.from(chance.pick(INTERESTING), 'latin1')); },
  (bytes, chance) => bytes.subarray(0, chance.int(1, bytes.length)),
  (bytes, chance) => { const [from, to] = range(bytes, chance); const copy = Buffer.from(bytes); copy.subarray(from, to).reverse(); return copy; },
];

/** The bytes with up to four damages. */
export function mangled(bytes: Buffer, chance: Chance): Buffer {
  let damaged = bytes;
  for (let times = chance.int(1, 4); times > 0 && damaged.length > 0; times -= 1) damaged = chance.pick(damages)(damaged, chance);
  return damaged;
}
