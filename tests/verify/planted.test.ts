// Planted bugs: that each can still be planted, and that the simulator tells a copy with a bug from one without.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BugDoesNotFit, plant } from '../../verify/planted/bug.ts';
import { BUGS } from '../../verify/planted/bugs.ts';
import { PROJECT } from '../../verify/planted/copy.ts';
import { SEEDS_MAX, violation } from '../../verify/planted/hunt.ts';
import { SEEDS } from '../../verify/planted/seeds.ts';

/** One of each kind that is caught fast; the whole list takes minutes. */
const HUNTED = ['newest-waiter-first', 'answers-before-the-commit', 'chunk-run-twice'] as const;

describe('planted bugs', () => {
  test.each(BUGS)('$name finds the text that it replaces exactly once, and what it leaves is a program', (bug) => {
    const planted = plant(readFileSync(join(PROJECT, bug.file), 'utf8'), bug);
    expect(() => stripTypeScriptTypes(planted)).not.toThrow();
  });

  test('a bug whose text is missing from its source, or stands in it twice, is not planted', () => {
    const bug = { name: 'one', file: 'a.ts', before: 'x', after: 'y', why: '' };
    expect(() => plant('a', bug)).toThrow(BugDoesNotFit);
    expect(() => plant('xx', bug)).toThrow(BugDoesNotFit);
    expect(plant('axb', bug)).toBe('ayb');
  });

  test('every bug has a name of its own and a seed on record, one of the first that are tried', () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
    expect(BUGS.map(({ name }) => name).filter((name) => !((SEEDS.get(name) ?? Infinity) <= SEEDS_MAX))).toEqual([]);
  });

  test('what breaks the simulator itself has not been caught', async () => {
    const broken = { name: 'broken', file: 'verify/sim/drained.ts', before: 'const { state } = process!;', after: 'const { state } = nobody;', why: '' };
    await expect(violation(broken, 1, 1)).rejects.toThrow('the simulator ended with 1');
  }, 60_000);

  test.each(HUNTED)('%s is caught by the seed on record, which finds nothing without it', async (name) => {
    const bug = BUGS.find((one) => one.name === name)!;
    const seed = SEEDS.get(name)!;
    expect(await violation(bug, seed, seed)).toMatchObject({ seed });
    expect(await violation(undefined, seed, seed)).toBeUndefined();
  }, 60_000);
});
