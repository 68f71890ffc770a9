// The journal's own pace: commits of one record, one after another, through the journal's port.
//
// `sequential.ts <folder>`; asked for a span it tells the commits per second and how long they took. It is the same record
// each time: a lock in strict order can be handed on no faster, as each hand-off rests on the release before it, and is
// durable before anyone hears of it.

import { crc32 } from 'node:zlib';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { State } from '../../src/state/state.ts';
import { percentile } from '../figures.ts';
import { serve, type Span } from '../load/serve.ts';

const [folder = ''] = process.argv.slice(2);
const journal = await openLmdbJournal(folder);
const state = new State({ workers: 1, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });

let now = 0;

export interface Commits {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

async function commitFor(ms: number): Promise<Commits> {
  const began = performance.now();
  const times: number[] = [];
  for (let at = began; at - began < ms;) {
    now += 1;
    state.locks.put({ name: 'lock', kind: 'mutex', description: '', labels: {}, createdAt: now });
    await journal.commit({ now, ...state.changes.take() });
    state.changes.flushed();
    const done = performance.now();
    times.push(done - at);
    at = done;
  }
  const seconds = (performance.now() - began) / 1_000;
  const sorted = Float64Array.from(times).toSorted();
  return { perSecond: sorted.length / seconds, medianMs: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}

await serve(async ({ warmMs, measureMs }: Span) => {
  await commitFor(warmMs);
  return commitFor(measureMs);
});
