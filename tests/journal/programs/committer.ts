// Commits one after another into the journal of the directory given, with the durability given, and says so after each. Runs until it is killed, a
// commit fails or the journal is refused, which it says too.
//
// Commit n writes a row of its own, one that all commits share, and a payload; and it deletes the row of commit n - 50.

import { writeSync } from 'node:fs';
import type { Journal } from '../../../src/journal/journal.ts';
import { openLmdbJournal } from '../../../src/journal/lmdb.ts';
import { bytesOf, commitOf, Rows } from '../commits.ts';

const KEPT = 50;
const journal = await open();
const { row } = new Rows(journal.opened.rows);
let n = journal.opened.now;
try {
  for (;;) {
    n += 1;
    const rows = [row('commits', String(n), { n, text: 'x'.repeat((n * 37) % 3_000) }), row('last', 'one', { n }), row('last', 'other', { n })];
    if (n > KEPT) rows.push(row('commits', String(n - KEPT), undefined));
    await journal.commit(commitOf({ now: n, rows, payloads: [{ id: `p${n}/x`, bytes: bytesOf(200, n) }] }));
    writeSync(1, `${n}\n`);
  }
} catch (error) {
  writeSync(1, `failed: ${error instanceof Error ? error.message : ''}\n`);
  await journal.close();
}

async function open(): Promise<Journal> {
  try {
    return await openLmdbJournal(process.argv[2] ?? '', process.argv[3] === 'os' ? 'os' : 'flush');
  } catch (error) {
    writeSync(1, `refused: ${error instanceof Error ? error.message : ''}\n`);
    return process.exit();
  }
}
