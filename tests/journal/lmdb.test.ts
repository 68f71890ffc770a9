// The LMDB journal keeps every promise of the port, through kills and full disks.

import { describe, expect, test } from 'vitest';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { bytesOf, refTo, rowsIn } from './commits.ts';
import { describeJournal } from './conformance.ts';
import { newDirectory } from './directories.ts';
import { Program } from './program.ts';

const DURABILITIES = ['flush', 'os'] as const;

for (const durability of DURABILITIES) {
  describeJournal(`LMDB (${durability})`, () => {
    const directory = newDirectory();
    return { open: () => openLmdbJournal(directory, durability) };
  });
}

/** Checks that exactly the commits up to the last are there (programs/committer.ts), and says which was the last. */
async function lastCommit(directory: string): Promise<number> {
  const journal = await openLmdbJournal(directory);
  const last = journal.opened.now;
  const kept = Array.from({ length: Math.min(50, last) }, (_, index) => last - index);
  const expected = Object.fromEntries(kept.map((n) => [`commits/${n}`, { n, text: 'x'.repeat((n * 37) % 3_000) }]));
  expect(rowsIn(journal)).toEqual({ ...expected, 'last/one': { n: last }, 'last/other': { n: last } });
  for (const n of kept) journal.readPayload(refTo(`p${n}/x`, bytesOf(200, n)));
  expect(journal.opened.payloadOwners.size).toBe(last);
  await journal.close();
  return last;
}

describe('LMDB journal, when things fail', () => {
  test.for(DURABILITIES)('every acknowledged commit (%s) survives a kill at any moment, and no commit is there in part', async (durability) => {
    const directory = newDirectory();
    for (const acknowledgements of [1, 7, 60, 2, 23]) {
      const program = new Program('committer', directory, { durability });
      let acknowledged = 0;
      for (let count = 0; count < acknowledgements; count += 1) acknowledged = Number(await program.line());
      program.signal('SIGKILL');
      const rest = await program.lines();
      await program.exited;
      expect(await lastCommit(directory)).toBeGreaterThanOrEqual(Number(rest.at(-1) ?? acknowledged));
    }
  });

  test.skipIf(process.platform === 'win32')('a commit that finds no room rejects with the reason, and what was acknowledged before is kept', async () => {
    const directory = newDirectory();
    // A limit to the size of files, within a page; ignoring the signal turns it into a write that ends too early.
    const program = new Program('committer', directory, { shell: "trap '' XFSZ; ulimit -f 401;" });
    const lines = await program.lines();
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(lines.at(-1)).toMatch(/^failed: The journal could not be written: the write failed: Input\/output error/u);
    expect(await lastCommit(directory)).toBeGreaterThanOrEqual(Number(lines.at(-2)));
  });

  test.skipIf(process.platform === 'win32')('a first start that finds no room is refused with the reason, and the next one finds nothing in its way', async () => {
    const directory = newDirectory();
    const program = new Program('committer', directory, { shell: "trap '' XFSZ; ulimit -f 16;" });
    expect(await program.lines()).toEqual([expect.stringMatching(/^refused: The journal in .* cannot be opened: EFBIG/u)]);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    const journal = await openLmdbJournal(directory);
    expect(rowsIn(journal)).toEqual({});
    await journal.close();
  });
});
