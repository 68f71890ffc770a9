// Effects: what a step wants done in the world. Each can be derived again from rows after a restart.

import type { TaskErrorKind } from './inputs.ts';
import type { PayloadRef } from './payloads.ts';

/** What a worker thread is given before it runs anything: a batch's initializer and globals. */
export interface SetupOrder {
  readonly batch: string;
  /** Of the chunk that the thread is started for. */
  readonly attempt: number;
  /** JSON text `{ "initializer"?: { "function", "args" }, "globals"?: { … } }`. */
  readonly payload: PayloadRef;
}

/** Items of one chunk to run one after another, in the payload's order. */
export interface RunOrder {
  readonly batch: string;
  readonly function: string;
  readonly call: 'map' | 'starmap';
  readonly attempt: number;
  /** JSON text: an array with the chunk's items; the array's first element is item `payloadFirst` of the batch. */
  readonly payload: PayloadRef;
  readonly payloadFirst: number;
  /** Run items `first` to `end - 1` of the batch. */
  readonly first: number;
  readonly end: number;
  /** In the thread's hand: its number there. The thread begins it behind what it was told before, unless it was taken back. */
  readonly number?: number | undefined;
}

/** The answer to a `taskAcquire`. */
export type LockAnswer =
  | { readonly kind: 'granted'; readonly fencingToken: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export type WorkerEffect =
  | { readonly kind: 'startWorker'; readonly worker: number; readonly setup?: SetupOrder | undefined }
  | { readonly kind: 'runItems'; readonly worker: number; readonly order: RunOrder }
  /** Take these out of the thread's hand; `ordersTakenBack` follows. */
  | { readonly kind: 'takeBack'; readonly worker: number; readonly numbers: readonly number[] }
  /** Abort the signals of what runs of the batch and begin no further item of its order. */
  | { readonly kind: 'abortRun'; readonly worker: number; readonly batch: string; readonly reason: TaskErrorKind }
  /** End the thread; `workerEnded` follows when it has. */
  | { readonly kind: 'endWorker'; readonly worker: number }
  | { readonly kind: 'answerLock'; readonly worker: number; readonly call: number; readonly answer: LockAnswer }
  /** A lock that the running scope holds was revoked: abort its signals. */
  | { readonly kind: 'loseLock'; readonly worker: number; readonly fencingToken: number; readonly reason: string };

/** One attempt at one delivery. */
export interface SendEffect {
  readonly kind: 'send';
  readonly delivery: string;
  readonly attempt: number;
  readonly url: string;
  readonly payload: PayloadRef;
}

export type Effect = WorkerEffect | SendEffect;
