// Committer: a process that makes the commits of a workload in the journal of a data directory, and marks in the
// recording what it is about to do and what has been acknowledged.
//
// Arguments: data directory, file for marks, seed, last commit, `killed` when it is to be killed in the last one, and the
// durability.

import { openSync, writeSync } from 'node:fs';
import { claimDirectory } from '../../src/journal/directory.ts';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { Rows } from '../../tests/journal/commits.ts';
import { Workload } from './workload.ts';

const [, , directory = '', marksPath = '', seed = '', last = '', end, durability] = process.argv;
const workload = new Workload(Number(seed));
const marks = openSync(marksPath, 'a');
const claim = claimDirectory(directory);
const journal = await openLmdbJournal(directory, durability === 'os' ? 'os' : 'flush');
const { row } = new Rows(journal.opened.rows);
for (let n = journal.opened.now + 1; n <= Number(last); n += 1) {
  const commit = workload.commit(n, row);
  writeSync(marks, `begun ${n}`);
  const committed = journal.commit(commit);
  if (end === 'killed' && n === Number(last)) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  await committed;
  writeSync(marks, `done ${n}`);
}
await journal.close();
claim.release();
