// Rules that stand by themselves: how items are cut, what may be a name, when something is tried again, which tokens are drawn.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryDelayMs } from '../../src/batches/backoff.ts';
import { chunkTexts, defaultChunkSize } from '../../src/batches/chunks.ts';
import { findUnshareable } from '../../src/batches/shareable.ts';
import { decodeCursor, encodeCursor } from '../../src/routes/cursor.ts';
import { mintId } from '../../src/routes/ids.ts';
import { Refused } from '../../src/routes/refused.ts';
import { isLeaseId } from '../../src/state/id-form.ts';
import type { Json } from '../../src/state/json.ts';
import { isLockName } from '../../src/state/lock-name.ts';
import { heldOf, World } from '../locks/world.ts';
import { isJson } from './json.ts';

/** As Python's pool cuts: divided by four times the workers, and one more where something is left over. */
function pythons(items: number, workers: number): number {
  const [size, rest] = [Math.floor(items / (workers * 4)), items % (workers * 4)];
  return rest > 0 ? size + 1 : size;
}

/** The cursor of the place that a cursor leads to; `undefined` for one that is refused. */
function thereAndBack(cursor: string): string | undefined {
  try {
    return encodeCursor(decodeCursor(cursor));
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const json = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)));

describe('chunks', () => {
  test('are as long as Python makes them, and at least one item', () => {
    fc.assert(fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 256 }), (items, workers) => {
      expect(defaultChunkSize(items, workers)).toBe(Math.max(1, pythons(items, workers)));
    }), { numRuns: 1_000 });
  });

  test('hold every item once, in order, all but the last as long as asked', () => {
    fc.assert(fc.property(fc.array(json, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (items, size) => {
      const chunks = chunkTexts(items, size).map((text): unknown[] => JSON.parse(text));
      expect(JSON.stringify(chunks.flat())).toBe(JSON.stringify(items));
      expect(chunks.slice(0, -1).every(({ length }) => length === size)).toBe(true);
      expect(chunks.every(({ length }) => length > 0 && length <= size)).toBe(true);
    }), { numRuns: 300 });
  });
});

describe('a name', () => {
  const good = fc.string({ unit: fc.constantFrom('a', 'z', 'A', 'Z', '0', '9', '.', '_', ':', '/', '@', '-'), minLength: 1, maxLength: 256 });

  test('of 1 to 256 of the allowed characters is a lock\'s, unless it is one dot or two', () => {
    fc.assert(fc.property(good, (name) => { expect(isLockName(name)).toBe(name !== '.' && name !== '..'); }), { numRuns: 1_000 });
  });

  test('with any other character, none or too many is no lock\'s', () => {
    const bad = fc.tuple(fc.constantFrom(' ', '%', '\n', '\u0000', 'é', '\ud800', '*', '\\', '?', '#', '\u212a', '０'), fc.string({ maxLength: 2 })).map((parts) => parts.join(''));
    fc.assert(fc.property(good, bad, good, (before, wrong, after) => {
      for (const name of [`${before}${wrong}`, `${wrong}${after}`, `${before}${wrong}${after}`, wrong]) expect(isLockName(name)).toBe(false);
    }), { numRuns: 200 });
    for (const name of ['', 'n'.repeat(257), undefined, null, 7, ['a'], {}]) expect(isLockName(name)).toBe(false);
  });
});

test('an id that is minted has the form of its kind and was never minted before', () => {
  const minted = new Set(Array.from({ length: 20_000 }, () => mintId('lse_')));
  expect(minted.size).toBe(20_000);
  expect([...minted].every(isLeaseId)).toBe(true);
});

test('a place in a list comes back from its cursor as it was, and what no list gave out is refused', () => {
  fc.assert(fc.property(fc.tuple(fc.string({ maxLength: 30 }), fc.constantFrom('', '/', '\u0000', 'é', '\u{1f512}')).map((parts) => parts.join('')), (place) => { expect(decodeCursor(encodeCursor(place))).toBe(place); }), { numRuns: 500 });
  fc.assert(fc.property(fc.base64String({ minLength: 1, maxLength: 20 }), (cursor) => { expect([cursor, undefined]).toContain(thereAndBack(cursor)); }), { numRuns: 500 });
});

describe('a failed delivery', () => {
  const STEPS_MS = [1_000, 5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000];

  test('is tried again no sooner than its step says, at most a fifth later, and at the same time whenever that is asked', () => {
    fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (delivery, attempt) => {
      const delay = retryDelayMs(delivery, attempt, undefined);
      const step = STEPS_MS[attempt - 1] ?? 7_200_000;
      expect([delay >= step, delay <= step * 1.2, retryDelayMs(delivery, attempt, undefined)]).toEqual([true, true, delay]);
    }), { numRuns: 500 });
  });

  test('is put off by its receiver for an hour at most, and never brought forward', () => {
    fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 9 }), fc.nat(100_000_000), (delivery, attempt, asked) => {
      expect(retryDelayMs(delivery, attempt, asked)).toBe(Math.max(retryDelayMs(delivery, attempt, undefined), Math.min(asked, 3_600_000)));
    }), { numRuns: 500 });
  });
});

test('a fencing token is above every earlier one, over any number of grants, locks, deletes and restarts', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('grant', 'other', 'delete', 'restart'), { maxLength: 200, size: 'max' }), (steps) => {
    const world = new World(false);
    let latest = 0;
    for (const step of steps) {
      if (step === 'restart') world.restart();
      if (step === 'delete') world.ask({ kind: 'deleteLock', name: 'a' });
      if (step !== 'grant' && step !== 'other') continue;
      const { request, lease } = world.acquire(step === 'grant' ? 'a' : 'b');
      const { fencingToken } = heldOf(world.answerTo(request));
      expect(fencingToken).toBeGreaterThan(latest);
      latest = fencingToken;
      world.ask({ kind: 'release', lease });
    }
  }), { numRuns: 50 });
});

describe('what is given to a task', () => {
  const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => !/\$lock|lse_|-?1e400/u.test(JSON.stringify(value)));
  /** Puts a value somewhere inside of others. */
  const around = (inner: unknown): fc.Arbitrary<unknown> => fc.array(fc.tuple(fc.boolean(), plain), { maxLength: 5 })
    .map((layers) => layers.reduce<unknown>((value, [isList, beside]) => (isList ? [beside, value] : { beside, value }), inner));

  test('is taken where it has no lock and no lease in it, or locks in their one form', () => {
    fc.assert(fc.property(around({ $lock: 'orders/42' }), plain, (withLock, without) => {
      for (const value of [withLock, without]) expect(isJson(value) && findUnshareable('items', value)).toBeUndefined();
    }), { numRuns: 300 });
  });

  test.for([
    ['a lock with a bad name', { $lock: ' ' }], ['a lock that is no text', { $lock: null }], ['a lock with something beside it', { $lock: 'a', b: 1 }],
    ['a lease id', `lse_${'a'.repeat(24)}`], ['a lease id as the name of a member', { [`lse_${'a'.repeat(24)}`]: 1 }], ['a number that no double holds', Infinity],
  ] as const)('is refused with %s, however deep it lies, and the pointer leads there without naming a lease', ([, wrong]) => {
    fc.assert(fc.property(around(wrong), (value) => {
      const found = isJson(value) ? findUnshareable('items', value) : undefined;
      expect(found?.pointer.startsWith('/items')).toBe(true);
      expect(found?.pointer).not.toContain('lse_');
      const way = found!.pointer.split('/').slice(2);
      expect(way.reduce<unknown>((inner, step) => Reflect.get(Object(inner), step), value)).toEqual(wrong);
    }), { numRuns: 100 });
  });
});
