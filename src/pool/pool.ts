// The thread pool: TaskRunner on node:worker_threads.
//
// Owns which threads exist. Owns no rule: it starts, tells and ends threads as it is told and reports what they say.
// An order for a number that is not there (any more) does nothing: the thread's end is on its way to the machine.

import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { RunOrder } from '../state/effects.ts';
import type { WorkerReport } from '../state/inputs.ts';
import { errorLine } from './errors.ts';
import { ThreadHandle } from './handle.ts';
import { watchMemory } from './memory.ts';
import { AT_ONCE, type RunMessage } from './messages.ts';
import type { ReportWorker, TaskRunner } from './runner.ts';

export interface ThreadPoolOptions {
  readonly functionsDir: string;
  readonly report: ReportWorker;
}

export function createThreadPool(options: ThreadPoolOptions): TaskRunner {
  keepLoopsInterruptible();
  const functionsDir = resolve(options.functionsDir);
  const threads = new Map<number, ThreadHandle>();
  const stopWatching = watchMemory(() => threads.values());
  let closed = false;

  const report = (said: WorkerReport): void => {
    if (said.kind === 'workerEnded') threads.delete(said.worker);
    if (!closed) options.report(said);
  };

  return {
    start(worker, setup) {
      if (closed) return;
      const birth = { functionsDir, setup: setup === undefined ? undefined : { ...setup, text: textOf(setup.text) } };
      try {
        threads.set(worker, new ThreadHandle(worker, birth, report));
      } catch (error) {
        setImmediate(() => report({ kind: 'workerEnded', worker, message: `the worker could not be started: ${errorLine(error)}`, logs: '' }));
      }
    },
    run(worker, order, items) {
      if (!closed) threads.get(worker)?.run(runMessage(order, items));
    },
    takeBack(worker, numbers) {
      const thread = threads.get(worker);
      if (thread !== undefined) report({ kind: 'ordersTakenBack', worker, numbers: thread.takeBack(numbers) });
    },
    abort: (worker, batch, reason) => threads.get(worker)?.post({ kind: 'abort', batch, reason }),
    end: (worker) => void threads.get(worker)?.end('the worker was ended'),
    answerLock: (worker, call, answer) => threads.get(worker)?.post({ kind: 'answer', call, answer }),
    loseLock: (worker, fencingToken, reason) => threads.get(worker)?.post({ kind: 'lose', fencingToken, reason }),
    async close(limitMs) {
      closed = true;
      stopWatching();
      const timer = new AbortController();
      let alive = threads.size;
      const ends = [...threads.values()].map(async (thread) => {
        await thread.end('the service stopped');
        alive--;
      });
      await Promise.race([Promise.all(ends), delay(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
      return alive;
    },
  };
}

function runMessage({ batch, function: name, call, attempt, payloadFirst, first, end, number = AT_ONCE }: RunOrder, items: Uint8Array): RunMessage {
  return { kind: 'run', batch, function: name, call, attempt, payloadFirst, first, end, number, items: textOf(items) };
}

/** A string crosses to the thread by copy; of a view the whole buffer under it would be copied. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/**
 * V8's optimizer unrolls some loops (`for (;;) rows.push(new Array(1000))`) without leaving the check by which a thread
 * is stopped; no call ends such a thread. Without that one optimization every loop can be ended.
 */
function keepLoopsInterruptible(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling');
}
