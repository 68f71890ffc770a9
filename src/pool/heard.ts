// Heard: whether what came through a thread's port is something that a thread says.
//
// Owns the check. Code of a task shares its thread with ours, and whatever it gets to post must not be able to hurt the
// main thread. Does not own what a message means, or whether it comes at the right time: that is the machine's.

import { TICKET_WAIT_MS_MAX, TTL_MS_MAX, TTL_MS_MIN, VALUE_BYTES_MAX } from '../limits.ts';
import type { TaskErrorKind } from '../state/inputs.ts';
import { isLockName } from '../state/lock-name.ts';
import type { FromThread } from './messages.ts';

type Members = { readonly [name: string]: unknown };
type Shape = (said: Members) => boolean;

const ERROR_KINDS: { readonly [Kind in TaskErrorKind]: true } = {
  error: true, timeout: true, worker_lost: true, lock_lost: true, not_serializable: true, initializer: true, cancelled: true,
};

const SHAPES: { readonly [Kind in Exclude<FromThread, string>['kind']]: Shape } = {
  workerReady: ({ functions, broken }) => isListOf(functions, ['name', 'description', 'module']) && isListOf(broken, ['module', 'message']),
  setupSettled: ({ error }) => error === undefined || isTaskError(error),
  orderBegun: ({ number }) => isWhole(number),
  itemSettled: ({ index, value, error, durationMs }) => isWhole(index) && typeof durationMs === 'number' && (error === undefined ? isValue(value) : value === undefined && isTaskError(error)),
  taskAcquire: (said) => isAcquire(said) && isMs(said['ttlMs'], TTL_MS_MIN, TTL_MS_MAX) && isMs(said['waitMs'], 0, TICKET_WAIT_MS_MAX),
  taskRelease: ({ lock, fencingToken }) => isName(lock) && isWhole(fencingToken),
  fatal: ({ message }) => typeof message === 'string',
};

export function isFromThread(said: unknown): said is FromThread {
  if (typeof said === 'string') return true;
  if (!isObject(said)) return false;
  const kind = said['kind'];
  return typeof kind === 'string' && isKind(kind) && SHAPES[kind](said);
}

function isKind(kind: string): kind is keyof typeof SHAPES {
  return Object.hasOwn(SHAPES, kind);
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

/** Every element has these members, all of them texts. */
function isListOf(list: unknown, members: readonly string[]): boolean {
  return Array.isArray(list) && list.every((one: unknown) => isObject(one) && members.every((member) => typeof one[member] === 'string'));
}

function isTaskError(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { name, message, stack, code, kind } = error;
  return typeof name === 'string' && typeof message === 'string' && isTextOrAbsent(stack) && isTextOrAbsent(code) && typeof kind === 'string' && Object.hasOwn(ERROR_KINDS, kind);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' && value.length <= VALUE_BYTES_MAX;
}

function isAcquire({ call, scope, lock }: Members): boolean {
  return isWhole(call) && Number.isSafeInteger(scope) && isName(lock);
}

function isName(lock: unknown): boolean {
  return typeof lock === 'string' && isLockName(lock);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isMs(value: unknown, min: number, max: number): boolean {
  return value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max);
}
