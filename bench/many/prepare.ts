// Prepares a data directory: so many declared locks, the first of them held.
//
// `prepare.ts <dataDir> <locks> <leases>`. The service's own engine, machine and journal do it, as for requests, and
// nothing is written by any other way; what is left out is HTTP, which would take minutes.

import { crc32 } from 'node:zlib';
import { systemClock } from '../../src/clock.ts';
import { EngineLoop } from '../../src/engine.ts';
import { claimDirectory } from '../../src/journal/directory.ts';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { TTL_MS_MAX } from '../../src/limits.ts';
import type { Reply } from '../../src/state/replies.ts';
import { State } from '../../src/state/state.ts';
import { leaseId, lockName } from './names.ts';

const AT_ONCE = 10_000;

const [dataDir = '', locks = '', leases = ''] = process.argv.slice(2);
const claim = claimDirectory(dataDir);
const journal = await openLmdbJournal(dataDir);
const engine = new EngineLoop({
  state: new State({ workers: 1, checksum: (bytes) => crc32(bytes), tokenFloor: 0 }),
  journal, clock: systemClock, perform: () => {}, observer: { fact: () => {}, committed: () => {} },
  failed: (error) => { throw error; },
});

function assertDone(reply: Reply): void {
  if (reply.kind === 'refused') throw new Error(`refused: ${JSON.stringify(reply.refusal)}`);
}

async function inGroups(count: number, submit: (number: number) => void): Promise<void> {
  for (let number = 0; number < count; number++) {
    submit(number);
    if (number % AT_ONCE === AT_ONCE - 1) await engine.settled();
  }
  await engine.settled();
}

await engine.start();
engine.post({ kind: 'opened' });
await inGroups(Number(locks), (number) => {
  engine.submit({ kind: 'putLock', lock: { name: lockName(number), kind: 'mutex', description: '', labels: {} } }, assertDone);
});
await inGroups(Number(leases), (number) => {
  engine.submit({ kind: 'acquire', lock: lockName(number), lease: leaseId(number), ticket: false, owner: 'bench', ttlMs: TTL_MS_MAX, waitMs: 0 }, assertDone);
});
await engine.close();
await journal.close();
claim.release();
console.log(JSON.stringify({ locks: Number(locks), leases: Number(leases) }));
