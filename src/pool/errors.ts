// Errors: what a thrown value looks like to a client.
//
// Owns the description of anything that JavaScript can throw, bounded by limits.ts. Never throws itself: a getter, a
// Proxy or an `inspect` of the value's own may.

import { inspect } from 'node:util';
import { ERROR_CAUSES_MAX, ERROR_CODE_CHARS_MAX, ERROR_MESSAGE_CHARS_MAX, ERROR_NAME_CHARS_MAX, ERROR_STACK_CHARS_MAX } from '../limits.ts';
import type { TaskError, TaskErrorKind } from '../state/inputs.ts';

const OWN_FOLDER = new URL('.', import.meta.url).href;

/** An error that says by its `code` what a program can do about it. */
export class CodedError extends Error {
  readonly code: string;

  constructor(code: string, message: string, name = 'Error') {
    super(message);
    this.code = code;
    this.name = name;
  }
}

export function describeError(thrown: unknown, kind: TaskErrorKind): TaskError {
  try {
    return described(thrown, kind);
  } catch {
    // An earlier task replaced what texts and lists are taken apart with.
    return { name: 'Error', message: 'something was thrown that cannot be described', kind };
  }
}

function described(thrown: unknown, kind: TaskErrorKind): TaskError {
  const name = textOf(read(thrown, 'name'));
  const code = read(thrown, 'code');
  const stack = stackWithCauses(thrown);
  return {
    name: cut(name === undefined || name === '' ? 'Error' : name, ERROR_NAME_CHARS_MAX),
    message: cut(messageOf(thrown), ERROR_MESSAGE_CHARS_MAX),
    ...(stack === undefined ? {} : { stack }),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: cut(String(code), ERROR_CODE_CHARS_MAX) } : {}),
    kind,
  };
}

/** One line, as in `TypeError: no such column`. */
export function errorLine(thrown: unknown): string {
  const name = textOf(read(thrown, 'name'));
  const message = messageOf(thrown);
  return cut(name === undefined || name === '' ? message : `${name}: ${message}`, ERROR_MESSAGE_CHARS_MAX);
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const message = textOf(read(thrown, 'message'));
  return message ?? `${inspected(thrown)} was thrown`;
}

function stackWithCauses(thrown: unknown): string | undefined {
  let text = stackOf(thrown) ?? '';
  const seen = new Set<unknown>([thrown]);
  let cause = read(thrown, 'cause');
  while (cause !== undefined && !seen.has(cause) && seen.size <= ERROR_CAUSES_MAX && text.length < ERROR_STACK_CHARS_MAX) {
    seen.add(cause);
    text += `${text === '' ? '' : '\n'}Caused by: ${stackOf(cause) ?? errorLine(cause)}`;
    cause = read(cause, 'cause');
  }
  return text === '' ? undefined : cut(text, ERROR_STACK_CHARS_MAX);
}

/** Without the frames of the pool, which tell the author of a function nothing. */
function stackOf(value: unknown): string | undefined {
  const stack = textOf(read(value, 'stack'));
  return stack
    ?.slice(0, 4 * ERROR_STACK_CHARS_MAX)
    .split('\n')
    .filter((line) => !line.includes(OWN_FOLDER))
    .join('\n');
}

function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function inspected(value: unknown): string {
  try {
    return inspect(value, { depth: 1, customInspect: false, maxArrayLength: 10, maxStringLength: 200, breakLength: Infinity });
  } catch {
    return 'a value that cannot be shown';
  }
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).toWellFormed()}…`;
}
