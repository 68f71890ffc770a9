// Journal trial: one call of a process that opens a journal and commits is made to fail, and what the journal is then.
//
// Owns one run of the committer below the shim, and its judgement. The committer is the real driver with nothing around
// it, so that every call of an opening and an end can be tried; the service is tried in service-trial.ts.
//   J1. The process ends by itself: with what it could not do in words, or with everything done. LMDB ends some by a
//       signal: while it opens a file, also by freeing twice what it had for it, and after a write that failed, which it
//       says, as it writes over its own memory while it makes up the message. That is told apart; nothing may have been
//       acknowledged by the former.
//   J2. Nothing is acknowledged while a flush is waited for.
//   J3. Opened again without the fault, the journal holds every acknowledged commit and goes on.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA } from '../power/images.ts';
import type { LookJob } from '../power/opener.ts';
import type { Truth } from '../power/opening.ts';
import { watching } from '../power/shim.ts';
import { readTrace, type Site, type TracedCall } from './calls.ts';

const COMMITTER = join(import.meta.dirname, '../power/committer.ts');
const COMMITS = 4;
const RUN_MS_MAX = 30_000;
/** What libc says of memory that was freed twice, by the moment in which it finds out; of other corruption it says something else. */
const FREED_TWICE = /^(?:free\(\): (?:double free detected|corrupted unsorted chunks|invalid pointer)|double free or corruption)/mu;
const REASON = /The journal|The data directory|another process/u;

/** What a call does instead; a delay in milliseconds. */
export type Fault = 'EIO' | 'ENOSPC' | 'SHORT' | `DELAY=${number}`;

export function faultOf({ call, path, nth }: Site, fault: Fault): string {
  return `${call}:${path}:${nth}:${fault}`;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly errors: string;
  readonly trace: readonly TracedCall[];
}

/** Runs up to commit `last` in a folder of its own, or one that a run before left. */
export async function runCommitter(folder: string, seed: number, last: number, fault?: string): Promise<Ran> {
  const root = join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const marks = join(folder, 'marks');
  const trace = join(folder, `trace-${last}`);
  const child = spawn(process.execPath, [COMMITTER, join(root, DATA), marks, String(seed), String(last), 'closed'], {
    env: { ...process.env, NODE_OPTIONS: '', ...watching({ root, marks, trace, ...(fault !== undefined && { fault }) }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => { errors += text.toString(); });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('close', (...end) => resolve(end)));
  clearTimeout(timer);
  return { code, signal, errors, trace: readTrace(trace) };
}

/** Runs in which nothing failed: their calls, and what the first one left. */
export interface PlainRuns {
  readonly first: readonly TracedCall[];
  readonly second: readonly TracedCall[];
  /** A folder to copy where a trial begins with a journal that is there. */
  readonly afterFirst: string;
}

export async function plainRuns(folder: string, seed: number): Promise<PlainRuns> {
  const afterFirst = join(folder, 'first');
  const first = await runCommitter(afterFirst, seed, COMMITS);
  cpSync(afterFirst, join(folder, 'second'), { recursive: true });
  const second = await runCommitter(join(folder, 'second'), seed, COMMITS * 2);
  return { first: first.trace, second: second.trace, afterFirst };
}

export interface Trial {
  readonly site: Site;
  readonly fault: Fault;
  /** Of a first start, or of one on a journal that is there. */
  readonly start: 'first' | 'second';
}

/** How it ended: in words, by a signal of the library, or not at all, as if nothing had failed. */
export type Ending = 'told' | 'killed' | 'done';

export interface Verdict {
  readonly ending: Ending;
  /** What is wrong with how it went; empty when nothing is. */
  readonly wrong: string;
}

export interface Ground {
  /** Of this trial alone; not there yet. */
  readonly folder: string;
  readonly seed: number;
  readonly afterFirst: string;
  /** Opens a journal, in a process that may be killed by it. */
  readonly look: (job: LookJob) => Promise<{ readonly outcome: string; readonly said: string }>;
}

export async function tryJournal({ site, fault, start }: Trial, { folder, seed, afterFirst, look }: Ground): Promise<Verdict> {
  if (start === 'second') cpSync(afterFirst, folder, { recursive: true });
  const last = start === 'first' ? COMMITS : COMMITS * 2;
  const ran = await runCommitter(folder, seed, last, faultOf(site, fault));
  const ending = ran.code === 0 ? 'done' : ran.signal === null ? 'told' : 'killed';
  const wrong = wrongEnd(ran, fault) || wrongWait(ran.trace);
  if (wrong !== '') return { ending, wrong };
  const truth = toldIn(folder);
  if (ran.code === 0 && truth.acknowledged < last) return { ending, wrong: `it ended well with commit ${truth.acknowledged} of ${last}` };
  const { outcome, said } = await look({ kind: 'look', directory: join(folder, 'root', DATA), seed, truth, commits: 3 });
  return { ending, wrong: outcome === 'right' ? '' : `afterwards: ${outcome}: ${said}` };
}

/** (J1) */
export function wrongEnd({ code, signal, errors, trace }: Ran, fault: Fault): string {
  if (!trace.some(({ sign }) => sign === 'failed')) return 'the call that was to fail was never made';
  if (code === 0) return '';
  if (fault.startsWith('DELAY')) return `a delay ended it: ${errors}`;
  if (signal === 'SIGABRT' && errors.includes('Write error')) return '';
  if (signal === 'SIGSEGV' || (signal === 'SIGABRT' && FREED_TWICE.test(errors))) return trace.some(({ call }) => call === 'mark') ? 'it was killed after it had begun to commit' : '';
  if (signal !== null) return `it ended by ${signal}: ${errors}`;
  return REASON.test(errors) ? '' : `it ended without a reason: ${errors}`;
}

/** (J2) */
export function wrongWait(trace: readonly TracedCall[]): string {
  const ended = trace.findIndex(({ sign }) => sign === 'waited');
  const began = trace.findLastIndex(({ sign }, index) => sign === 'failed' && index < ended);
  const early = trace.slice(began, ended).some(({ call }) => call === 'mark');
  return ended >= 0 && early ? 'something was acknowledged during a flush' : '';
}

/** What the committer said that it had begun, and what it took as acknowledged. */
function toldIn(folder: string): Truth {
  const marks = existsSync(join(folder, 'marks')) ? readFileSync(join(folder, 'marks'), 'utf8') : '';
  const last = (word: string): number => Math.max(0, ...Array.from(marks.matchAll(new RegExp(`${word} (\\d+)`, 'gu')), ([, n]) => Number(n)));
  return { acknowledged: last('done'), begun: last('begun') };
}
