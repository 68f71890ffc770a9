// Memory: ends a thread that takes more than its share, before V8 would end the whole process.
//
// Owns when threads are asked. V8's own limit for a thread is no protection: an allocation that jumps over it (a map or
// a string that doubles) aborts the process. So that limit is far away, and each thread's memory is watched from here.

import { WORKER_MEMORY_BYTES_MAX, WORKER_MEMORY_WATCH_MS } from '../limits.ts';
import type { ThreadHandle } from './handle.ts';

/** Looks at all of `threads` until the returned function is called. */
export function watchMemory(threads: () => Iterable<ThreadHandle>): () => void {
  const timer = setInterval(() => {
    // No thread can hold more than the process does, and to ask the process is cheap.
    if (process.memoryUsage.rss() > WORKER_MEMORY_BYTES_MAX) for (const thread of threads()) void endWhenOver(thread);
  }, WORKER_MEMORY_WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function endWhenOver(thread: ThreadHandle): Promise<void> {
  const bytes = await thread.memoryBytes();
  if (bytes !== undefined && bytes > WORKER_MEMORY_BYTES_MAX) await thread.end('the worker ran out of memory');
}
