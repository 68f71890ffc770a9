// Failure: from what went wrong to words, to what to do next, and to an exit code.
//
// Owns the words of the command line; those of the service come with its problems.

import { LeaseLostError, NotAcquiredError, Problem, UnreachableError, type Holder } from '@holdfast/client';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './output.ts';

/** Something that the command line itself found wrong. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly next: string | undefined;

  constructor(code: string, exitCode: ExitCode, message: string, next?: string) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.next = next;
  }
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What to do now; absent where nobody knows. */
  readonly next?: string | undefined;
  readonly exitCode: ExitCode;
  readonly reason?: string | undefined;
  readonly holders?: readonly Holder[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly pointer?: string | undefined;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return { code: error.code, message: error.message, next: error.next, exitCode: error.exitCode };
  if (error instanceof UnreachableError) return unreachable(error);
  if (error instanceof NotAcquiredError) return notAcquired(error);
  if (error instanceof LeaseLostError) return { code: 'lease_lost', message: error.message, reason: error.reason, exitCode: EXIT.lost };
  if (error instanceof Problem) return refused(error);
  return { code: 'internal_error', message: error instanceof Error ? error.stack ?? error.message : String(error), exitCode: EXIT.failed };
}

function unreachable({ message }: UnreachableError): Failure {
  const next = 'Is it running? "holdfast serve" starts one here; --url or HOLDFAST_URL says where another is.';
  return { code: 'unreachable', message, next, exitCode: EXIT.unreachable };
}

function notAcquired({ lock, code, holders, waiters, retryAfterMs }: NotAcquiredError): Failure {
  const line = waiters === undefined || waiters === 0 ? '' : ` ${waiters} ${waiters === 1 ? 'waits' : 'wait'} for it.`;
  const message = `${lock} was not acquired (${code}).${heldBy(holders)}${line}`;
  return { code, message, next: nextInLine(code, lock), exitCode: EXIT.notAcquired, holders, retryAfterMs };
}

function nextInLine(code: string, lock: string): string {
  if (code === 'lock_held') return `Wait in line for it with --wait 1m, or see who has it: holdfast show ${lock}`;
  if (code === 'wait_timed_out') return `Wait longer with --wait, or see who has it: holdfast show ${lock}`;
  return 'Try again later: the service has as many holders or waiters as it takes.';
}

function heldBy(holders: readonly Holder[]): string {
  const [holder] = holders;
  if (holder === undefined) return '';
  return ` It is held by ${printable(holder.owner ?? 'somebody without a name')} since ${holder.grantedAt} (fencing token ${holder.fencingToken}).`;
}

/** What the command line knows better than the service, for which every client is alike. */
const NEXT: Readonly<Record<string, string>> = {
  unauthorized: 'Give a token of the service in HOLDFAST_TOKEN.',
  origin_refused: 'Without tokens a service answers its own machine only: ask it at a loopback address, or give it HOLDFAST_TOKENS.',
  lease_not_found: 'Give the whole id, as "holdfast acquire" printed it.',
  function_not_found: 'See which there are: holdfast functions',
  batch_not_found: 'Give the whole id, as "holdfast submit" printed it. A batch is forgotten a day after its end.',
  lock_not_found: 'See which there are: holdfast locks',
};

function refused({ code, message, status, reason, holders, retryAfterMs, pointer }: Problem): Failure {
  const exitCode = code === 'lease_lost' ? EXIT.lost : status === 401 || status === 403 ? EXIT.denied : EXIT.failed;
  const why = reason === undefined ? '' : ` It was ${reason}.`;
  const http = /^http_\d+$/u.test(code) ? 'Is --url or HOLDFAST_URL the address of Holdfast?' : undefined;
  return { code, message: `${message}${why}`, next: NEXT[code] ?? http, exitCode, reason, holders, retryAfterMs, pointer };
}
