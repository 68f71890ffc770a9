// Errors: the failures of tasks that no task threw.
//
// Owns their names and words, as a client sees them in results and callbacks.

import type { TaskError } from '../state/inputs.ts';

export const CANCELLED: TaskError = { name: 'CancelledError', message: 'The batch was cancelled.', kind: 'cancelled' };

export const PAYLOAD_DAMAGED: TaskError = {
  name: 'PayloadDamagedError', message: 'What was submitted cannot be read back: the stored bytes are damaged or missing.', code: 'payload_damaged', kind: 'error',
};

export const ENDED_WITH_PROCESS: TaskError = {
  name: 'WorkerLostError', message: 'The task ran alone, in its last attempt, and the process ended with it.', kind: 'worker_lost',
};

export const SETUP_ENDED_WITH_PROCESS: TaskError = {
  name: 'InitializerError', message: 'The initializer ran alone, in its last attempt, and the process ended with it.', kind: 'initializer',
};

export function timedOut(timeoutMs: number): TaskError {
  return { name: 'TimeoutError', message: `The task was stopped after its timeoutMs of ${timeoutMs}.`, kind: 'timeout' };
}

export function workerLost(message: string): TaskError {
  return { name: 'WorkerLostError', message: `The worker thread ended while the task ran: ${message}`, kind: 'worker_lost' };
}

export function lockLost(lock: string): TaskError {
  return { name: 'LockLostError', message: `The lease of the lock ${lock} was revoked while the task held it.`, kind: 'lock_lost' };
}

export function setupTimedOut(timeoutMs: number): TaskError {
  return { name: 'TimeoutError', message: `The initializer was stopped after the timeoutMs of ${timeoutMs}.`, kind: 'initializer' };
}

export function setupLost(message: string): TaskError {
  return { name: 'WorkerLostError', message: `The worker thread ended while the initializer ran: ${message}`, kind: 'initializer' };
}

export function setupLostLock(lock: string): TaskError {
  return { name: 'LockLostError', message: `The lease of the lock ${lock} was revoked while the initializer held it.`, kind: 'initializer' };
}
