// Memory: ends a thread that takes more than its share, before V8 would end the whole process.
//
// Owns when threads are asked. V8's own limit for a thread is no protection: an allocation that jumps over it (a map or
// a string that doubles) aborts the process. So that limit is far away, and each thread's memory is watched from here.

import { totalmem } from 'node:os';
import { WORKER_MEMORY_BYTES_MAX, WORKER_MEMORY_WATCH_MS } from '../limits.ts';
import type { ThreadHandle } from './handle.ts';

/** Looks at all of `threads` until the returned function is called. */
export function watchMemory(threads: () => Iterable<ThreadHandle>): () => void {
  const bytesMax = Math.min(WORKER_MEMORY_BYTES_MAX, systemBytes() / 2);
  const timer = setInterval(() => {
    // No thread can hold more than the process does, and to ask the process is cheap.
    if (residentBytes() > bytesMax) for (const thread of threads()) void endWhenOver(thread, bytesMax);
  }, WORKER_MEMORY_WATCH_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Where the system does not say what the process takes, nothing is known and nothing is ended. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/** The machine's memory, or what a container leaves of it. */
function systemBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

async function endWhenOver(thread: ThreadHandle, bytesMax: number): Promise<void> {
  const bytes = await thread.memoryBytes();
  if (bytes !== undefined && bytes > bytesMax) await thread.end('the worker ran out of memory');
}
