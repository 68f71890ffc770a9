// Oracle: whether one answer is one that the service may give, whatever it was asked.
//
// Owns the rules that hold for every answer, taken from the contract and the page of problems, not from the code.
//   O1. No status above 499 but 503.
//   O2. What refuses is a problem, with a code that the page knows and a status that the page gives this code.
//   O3. No answer shows a secret that the one who asked did not have, a stack, or a place in the source.
//   O4. No header is one that the client wrote.

import { readFileSync } from 'node:fs';
import type { Answer } from './answers.ts';

/** The header and its value that inputs try to smuggle into answers. */
export const SMUGGLED_HEADER = 'x-smuggled';

const PAGE = new URL('../../openapi/problems.md', import.meta.url);
const INSTANCE = /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
const INSIDE = /node_modules|node:internal|\/src\/|\.[jt]s:\d+|\bat (?:async )?[\w.<>]+ \(/u;
const MEMBERS: Readonly<Record<string, string>> = {
  type: 'string', title: 'string', status: 'number', detail: 'string', instance: 'string', code: 'string', reason: 'string',
  holders: 'object', waiters: 'number', retryAfterMs: 'number', fencingToken: 'number', error: 'object', batch: 'string', pointer: 'string',
};

/** The statuses that the page of problems gives each code. */
export function readKnownProblems(page = readFileSync(PAGE, 'utf8')): ReadonlyMap<string, ReadonlySet<number>> {
  const known = new Map<string, ReadonlySet<number>>();
  for (const entry of page.split(/^(?=## )/mu)) {
    const { code, words } = /^## `(?<code>\w+)`\s+Status (?<words>[^\n]*?)\. /u.exec(entry)?.groups ?? {};
    if (code !== undefined && words !== undefined) known.set(code, new Set([...words.matchAll(/\b[45]\d\d\b/gu)].map(([status]) => Number(status))));
  }
  return known;
}

export interface Oracle {
  readonly problems: ReadonlyMap<string, ReadonlySet<number>>;
  /** Texts that no answer may carry. */
  readonly secrets: readonly string[];
}

/** What is wrong with an answer by itself; `undefined` for nothing. */
export function complaint({ problems, secrets }: Oracle, { status, headers, body }: Answer): string | undefined {
  if (status >= 500 && status !== 503) return `status ${status}: ${body.slice(0, 300)}`;
  if (headers.has(SMUGGLED_HEADER)) return 'a header of the answer was written by the client';
  if (secrets.some((secret) => body.includes(secret) || [...headers.values()].some((value) => value.includes(secret)))) return 'an answer shows a secret';
  // An answer to HEAD has no body to look at.
  return status < 400 || body === '' ? undefined : problemComplaint(problems, status, headers, body);
}

function problemComplaint(problems: Oracle['problems'], status: number, headers: Answer['headers'], body: string): string | undefined {
  if (headers.get('content-type')?.startsWith('application/problem+json') !== true) return `${status} is no problem but ${headers.get('content-type')}`;
  const told = parsed(body);
  if (told === undefined) return 'a problem is no JSON object';
  const { code, type, instance } = told;
  const statuses = typeof code === 'string' ? problems.get(code) : undefined;
  if (statuses === undefined) return `the code ${String(code)} is not on the page of problems`;
  if (!statuses.has(status) || told['status'] !== status) return `${String(code)} came with ${status} and says ${String(told['status'])}`;
  if (type !== `/problems/${String(code)}` || typeof instance !== 'string' || !INSTANCE.test(instance)) return `${String(code)} has another type or instance`;
  const wrong = Object.entries(told).find(([member, value]) => typeof value !== MEMBERS[member]);
  if (wrong !== undefined) return `${String(code)} has ${wrong[0]}, which is unknown or of another type`;
  if ((status === 429 || status === 503) && !/^\d+$/u.test(headers.get('retry-after') ?? '')) return `${String(code)} does not say when to come again`;
  // What a task threw has the task's own stack.
  return told['error'] === undefined && INSIDE.test(body) ? `${String(code)} shows the inside of the service: ${body.slice(0, 300)}` : undefined;
}

function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The code of a problem; `undefined` for an answer that is none. */
export function codeOf({ status, body }: Answer): string | undefined {
  const code = status < 400 ? undefined : parsed(body)?.['code'];
  return typeof code === 'string' ? code : undefined;
}
