// The journal's own pace: commits of one record each, one after another, through the journal's port.
//
// `sequential.ts <folder>`; asked for a span it tells the commits per second. A lock in strict order can be handed on no
// faster than that: each hand-off rests on the release before it, and is durable before anyone hears of it.

import { crc32 } from 'node:zlib';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import { State } from '../../src/state/state.ts';
import { serve, type Span } from '../load/serve.ts';

const [folder = ''] = process.argv.slice(2);
const journal = await openLmdbJournal(folder);
const state = new State({ workers: 1, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });

let now = 0;

async function commitsPerSecond(ms: number): Promise<number> {
  const began = performance.now();
  let commits = 0;
  for (; performance.now() - began < ms; commits++) {
    state.locks.put({ name: 'hot', kind: 'mutex', description: '', labels: {}, createdAt: ++now });
    await journal.commit({ now, ...state.changes.take() });
    state.changes.flushed();
  }
  return commits / ((performance.now() - began) / 1_000);
}

await serve(async ({ warmMs, measureMs }: Span) => {
  await commitsPerSecond(warmMs);
  return { perSecond: await commitsPerSecond(measureMs) };
});
