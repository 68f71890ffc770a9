// One process owns a data directory, for as long as it lives and no longer.

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimDirectory, type Claim } from '../../src/journal/directory.ts';
import { JournalRefused } from '../../src/journal/journal.ts';
import { newDirectory } from './directories.ts';
import { Program } from './program.ts';

const programs: Program[] = [];
const claims: Claim[] = [];

afterEach(async () => {
  for (const made of claims.splice(0)) made.release();
  await Promise.all(programs.splice(0).map((program) => program.kill()));
});

function start(directory: string): Program {
  const program = new Program('claimer', directory);
  programs.push(program);
  return program;
}

function claim(directory: string): Claim {
  const made = claimDirectory(directory);
  claims.push(made);
  return made;
}

describe('data directory', () => {
  test('a directory that is not there is made, with those above it, for its owner alone', () => {
    const directory = join(newDirectory(), 'deep', 'er');
    claim(directory);
    for (const path of [directory, join(directory, '..')]) expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test('a second process is refused, with the directory and a way out in the message', async () => {
    const directory = newDirectory();
    claim(directory);
    const line = await start(directory).line();
    expect(line).toContain('JournalRefused: Another Holdfast process serves');
    expect(line).toContain(directory);
    expect(line).toContain('HOLDFAST_DATA_DIR');
  });

  test('a second claim by the same process is refused', () => {
    const directory = newDirectory();
    claim(directory);
    expect(() => claim(directory)).toThrow(JournalRefused);
  });

  test('a directory can be claimed at once when its process was killed', async () => {
    const directory = newDirectory();
    const first = start(directory);
    expect(await first.line()).toBe('claimed');
    expect(() => claim(directory)).toThrow(JournalRefused);
    await first.kill();
    expect(() => claim(directory)).not.toThrow();
  });

  test('a process that is stopped keeps its directory', async () => {
    const directory = newDirectory();
    const first = start(directory);
    expect(await first.line()).toBe('claimed');
    first.signal('SIGSTOP');
    expect(() => claim(directory)).toThrow(JournalRefused);
  });

  test('of several that start at once exactly one gets the directory', async () => {
    const directory = newDirectory();
    const lines = await Promise.all(Array.from({ length: 4 }, () => start(directory).line()));
    expect(lines.filter((line) => line === 'claimed')).toHaveLength(1);
    expect(lines.filter((line) => line?.includes('Another Holdfast process'))).toHaveLength(3);
  });

  test('a released directory can be claimed again, and releasing twice is no error', () => {
    const directory = newDirectory();
    const first = claim(directory);
    first.release();
    first.release();
    expect(() => claim(directory)).not.toThrow();
  });

  test('a path that is a file, or a lock file with foreign content, is refused with the path in the message', () => {
    const directory = newDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, 'x');
    const used = join(directory, 'used');
    mkdirSync(used);
    writeFileSync(join(used, 'holdfast.lock'), 'something else '.repeat(500));
    for (const path of [file, join(file, 'below'), used]) {
      expect(() => claim(path)).toThrow(expect.objectContaining({ name: 'JournalRefused', message: expect.stringContaining(path) }));
    }
  });
});
