// TaskRunner: the port to the worker threads.
//
// Owns no rule: it does what effects say and reports what happened. Which worker runs what, how long, and what a loss
// means is the machine's (batches/). Reports of one worker arrive in the order in which they happened.

import type { LockAnswer, RunOrder } from '../state/effects.ts';
import type { TaskErrorKind, WorkerReport } from '../state/inputs.ts';

export interface TaskRunner {
  /** Starts a thread. `setup` is JSON text (`SetupOrder.payload`); the thread runs it after loading the functions. */
  start(worker: number, setup: { readonly batch: string; readonly attempt: number; readonly text: Uint8Array } | undefined): void;
  /** Runs items on an idle thread, or puts them into the hand of one that runs; `items` is the text behind `RunOrder.payload`. */
  run(worker: number, order: RunOrder, items: Uint8Array): void;
  /** Takes these orders out of the thread's hand, as far as they have not begun, and reports which. */
  takeBack(worker: number, numbers: readonly number[]): void;
  /** Aborts the signals of what runs of the batch; the thread begins no further item of that order. */
  abort(worker: number, batch: string, reason: TaskErrorKind): void;
  /** Ends the thread, also one that spins. `workerEnded` is reported when it has ended. Unknown numbers are ignored. */
  end(worker: number): void;
  answerLock(worker: number, call: number, answer: LockAnswer): void;
  loseLock(worker: number, fencingToken: number, reason: string): void;
  /**
   * Ends every thread and resolves when they have ended, `limitMs` at the latest, to the number of those that have not:
   * the process cannot leave by itself while one is in a blocking native call. Nothing begins and nothing is reported any
   * more.
   */
  close(limitMs: number): Promise<number>;
}

export type ReportWorker = (report: WorkerReport) => void;
