// Messages between the main thread and a worker thread.
//
// Owns their shapes. What a thread says is a WorkerReport without the number that the main thread knows and without
// the prints that the main thread has kept, so that most messages become reports as they are.

import type { LockAnswer } from '../state/effects.ts';
import type { ItemResult, TaskErrorKind, WorkerReport } from '../state/inputs.ts';

/** Of an order that is in no hand. Said and not left out: a task may give every object a `number`. */
export const AT_ONCE = -1;

/** What a thread is born with, as its `workerData`. */
export interface ThreadBirth<Port> {
  readonly port: Port;
  /** What the thread says, and what it is told. */
  readonly mailbox: SharedArrayBuffer;
  readonly orders: SharedArrayBuffer;
  readonly hand: SharedArrayBuffer;
  /** Absolute path. */
  readonly functionsDir: string;
  readonly setup: { readonly batch: string; readonly attempt: number; readonly text: string } | undefined;
}

export interface RunMessage {
  readonly kind: 'run';
  readonly batch: string;
  readonly function: string;
  readonly call: 'map' | 'starmap';
  readonly attempt: number;
  /** JSON text: an array whose first element is item `payloadFirst` of the batch. */
  readonly items: string;
  readonly payloadFirst: number;
  readonly first: number;
  readonly end: number;
  /** In the thread's hand, its number, to be claimed before it begins; otherwise `AT_ONCE`. */
  readonly number: number;
}

export type ToThread =
  | RunMessage
  | { readonly kind: 'abort'; readonly batch: string; readonly reason: TaskErrorKind }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: LockAnswer }
  | { readonly kind: 'lose'; readonly fencingToken: number; readonly reason: string };

type Said<Report> = Report extends WorkerReport ? Omit<Report, 'worker' | 'logs'> : never;

export type OrderBegun = Extract<Said<WorkerReport>, { readonly kind: 'orderBegun' }>;
export type TaskAcquire = Extract<Said<WorkerReport>, { readonly kind: 'taskAcquire' }>;
export type TaskRelease = Extract<Said<WorkerReport>, { readonly kind: 'taskRelease' }>;

export type ItemSettled = { readonly kind: 'itemSettled' } & Omit<ItemResult, 'logs'>;

/** A string is something that the running item printed: the most frequent message is the cheapest. */
export type FromThread =
  | string
  | Said<Exclude<WorkerReport, { readonly kind: 'itemsSettled' | 'ordersTakenBack' | 'workerEnded' | 'orderDamaged' }>>
  | ItemSettled
  /** The thread ends itself after this, because of an error that no code caught. */
  | { readonly kind: 'fatal'; readonly message: string };

/** `isUrgent` (true unless it says otherwise): somebody waits for it. */
export type PostFromThread = (message: FromThread, isUrgent?: boolean) => void;
