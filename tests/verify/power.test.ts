// Power: a slice of the power cuts and flipped bits of the long verification, and its checkers on what is wrong.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Chance } from '../../verify/chance.ts';
import { Disk, type Mood } from '../../verify/power/files.ts';
import { removeFolders } from '../../verify/power/folders.ts';
import { Images } from '../../verify/power/images.ts';
import { PowerTrial } from '../../verify/power/part.ts';
import { record, recordAfterCut } from '../../verify/power/record.ts';
import type { Entry } from '../../verify/power/recording.ts';
import { recordService } from '../../verify/power/service-record.ts';
import { missingForShim } from '../../verify/power/shim.ts';
import { Workload, wrongIn, type Found } from '../../verify/power/workload.ts';
import { newDirectory } from '../journal/directories.ts';

const SEED = 1;
const COMMITS = 60;
const missing = missingForShim();

afterAll(removeFolders);

describe.skipIf(missing !== undefined)(`power cuts${missing === undefined ? '' : ` (${missing})`}`, () => {
  test('every commit that was acknowledged is there after a power cut, and nothing of one that had not begun', { timeout: 60_000 }, async () => {
    const trial = new PowerTrial(1);
    const fixed = await trial.images(await record(SEED, COMMITS), 100);
    const fresh = await trial.images(await record(Date.now() % 1_000_000, COMMITS), 40);
    expect(trial.failures).toEqual([]);
    expect(fixed.right + fresh.right).toBe(140);
  });

  test('a start after a power cut may itself lose its power at any moment', { timeout: 60_000 }, async () => {
    const trial = new PowerTrial(1);
    const { right } = await trial.images(await recordAfterCut(SEED, COMMITS), 40);
    expect(trial.failures).toEqual([]);
    expect(right).toBe(40);
  });

  test('everything that a service had answered is there when it starts after a power cut', { timeout: 60_000 }, async () => {
    const trial = new PowerTrial(1);
    const { right } = await trial.services(await recordService(SEED, 50), 5);
    expect(trial.failures).toEqual([]);
    expect(right).toBe(5);
  });

  test('without flushes, or without those of the pages, acknowledged commits are lost and the harness sees it', { timeout: 60_000 }, async () => {
    const trial = new PowerTrial(1);
    const recorded = await record(SEED, COMMITS);
    expect((await trial.images(recorded, 16, 'none')).right).toBeLessThan(14);
    expect((await trial.images(recorded, 16, 'all but of pages')).right).toBeLessThan(14);
  });

  test('with the durability `os` acknowledged commits may be lost, and after an orderly stop none is', { timeout: 60_000 }, async () => {
    const recorded = await record(SEED, COMMITS, 'os');
    expect((await new PowerTrial(1).images(recorded, 16)).right).toBeLessThan(14);
    const images = new Images(recorded, 'all');
    const outcomes = [];
    for (let variant = 0; variant < 10; variant += 1) {
      outcomes.push(await images.try({ kind: 'image', recorded, cut: images.cuts - 1, variant, flushes: 'all' }, newDirectory()));
    }
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'right'));
  });

  test('a journal with flipped bits is refused or is exactly what it was', { timeout: 60_000 }, async () => {
    const trial = new PowerTrial(1);
    const tally = await trial.flips(await record(SEED, COMMITS), COMMITS, 45);
    expect(trial.failures).toEqual([]);
    expect(tally.refused).toBeGreaterThan(5);
    expect(tally.right).toBeGreaterThan(5);
  });
});

function entry(kind: Entry['kind'], at: number, more: Partial<Entry> = {}): Entry {
  return { kind, at, path: '/r/file', number: 0, data: Buffer.alloc(0), ...more };
}

/** What the one file holds in an image. */
function built(entries: readonly Entry[], mood: Mood, seed = 1): string {
  const disk = new Disk('/r');
  for (const one of entries) disk.take(one);
  const folder = join(newDirectory(), 'image');
  disk.build(folder, new Chance(seed), mood);
  return existsSync(join(folder, 'file')) ? readFileSync(join(folder, 'file'), 'latin1') : 'no file';
}

describe('what a disk may keep', () => {
  const created = [entry('create', 1), entry('flush', 2, { path: '/r', number: 2 })];

  test('a write that no flush covered may be lost, one that a flush covered is not', () => {
    const entries = [...created, entry('write', 3, { data: Buffer.from('old') }), entry('flush', 5, { number: 4 }), entry('write', 6, { data: Buffer.from('new') })];
    expect(built(entries, 'nothing')).toBe('old');
    expect(built(entries, 'everything')).toBe('new');
  });

  test('a flush covers nothing that was written after it had begun', () => {
    expect(built([...created, entry('write', 4, { data: Buffer.from('late') }), entry('flush', 5, { number: 3 })], 'nothing')).toBe('');
  });

  test('a write through a flushing descriptor takes no other write with it', () => {
    const entries = [...created, entry('write', 3, { data: Buffer.from('a') }), entry('write', 4, { number: 1, data: Buffer.from('b') }), entry('flushWrite', 5, { number: 4 })];
    expect(built(entries, 'nothing')).toBe('\0b');
  });

  test('a file whose folder was not flushed may be gone, although the file was', () => {
    const entries = [entry('create', 1), entry('write', 2, { data: Buffer.from('x') }), entry('flush', 4, { number: 3 })];
    expect(built(entries, 'nothing')).toBe('no file');
    expect(built(entries, 'everything')).toBe('x');
  });

  test('a torn write leaves each sector of 512 bytes old or new', () => {
    const entries = [...created, entry('write', 3, { data: Buffer.alloc(4_096, 'o') }), entry('flush', 5, { number: 4 }), entry('write', 6, { data: Buffer.alloc(4_096, 'n') })];
    const images = Array.from({ length: 20 }, (_, seed) => built(entries, 'sectors', seed));
    for (const image of images) expect(image).toMatch(/^(?:o{512}|n{512}){8}$/u);
    expect(new Set(images).size).toBeGreaterThan(10);
  });
});

describe('the judge of an image', () => {
  const workload = new Workload(3);
  const found = (now: number): Found => {
    const rows = Object.fromEntries([...workload.expected(now).rows].map(([name, row]): [string, object] => [name, JSON.parse(row)]));
    const bytes = new Map(Array.from({ length: now }, (_, n) => workload.step(n + 1).payloads).flat().map((payload) => [payload.id, payload.bytes]));
    return { now, rows, payload: ({ id }) => bytes.get(id) ?? new Uint8Array() };
  };
  const truth = { acknowledged: 20, begun: 21 };

  test.for([20, 21])('it is content with what commit %i left', (now) => {
    expect(wrongIn(found(now), workload, truth)).toBe('');
  });

  test.for<[what: string, image: Found, complaint: RegExp]>([
    ['an acknowledged commit is lost', found(19), /commit 20 was acknowledged/u],
    ['a commit is there that had not begun', found(22), /only 21 had begun/u],
    ['a row is lost', { ...found(20), rows: {} }, /is nothing/u],
    ['a row is of the commit before', { ...found(20), rows: { ...found(20).rows, ...Object.fromEntries(Object.entries(found(20).rows).slice(0, 1).map(([name]) => [name, { n: 1 }])) } }, /the row .* is \{/u],
    ['a deleted row is back', { ...found(20), rows: { ...found(20).rows, 'locks/more': {} } }, /there is a row locks\/more/u],
    ['a payload has other bytes', { ...found(20), payload: () => new Uint8Array(1) }, /other bytes/u],
  ])('it complains when %s', ([, image, complaint]) => {
    expect(wrongIn(image, workload, truth)).toMatch(complaint);
  });
});
