// Load: loops in one process, each taking and freeing a lock of its own by redlock, on one Redis.
//
// `redlock-loops.ts <address> <loops>`; asked for a span it tells the pairs per second. One connection, on which the
// client pipelines what its loops ask for.

import { Redis } from 'ioredis';
import Redlock from 'redlock';
import { perSecond } from '../load/rate.ts';
import { serve, type Span } from '../load/serve.ts';

const TTL_MS = 30_000;
const [address = '', loops = ''] = process.argv.slice(2);
const redis = new Redis(address);
const redlock = new Redlock([redis]);
await redis.ping();
const run = { isOver: false, pairs: 0 };

async function takeAndFree(name: string): Promise<void> {
  while (!run.isOver) {
    const lock = await redlock.lock(name, TTL_MS);
    await lock.unlock();
    run.pairs++;
  }
}

await serve(async (span: Span) => {
  run.isOver = false;
  const running = Array.from({ length: Number(loops) }, (_, number) => takeAndFree(`own-${number}`));
  const found = await perSecond(() => run.pairs, span);
  run.isOver = true;
  await Promise.all(running);
  return { perSecond: found };
});
