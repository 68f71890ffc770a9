// Calls: what a process did to its files, from the trace of the shim.
//
// Owns the form of a line and naming the place of a call: which call on which file.

import { readFileSync } from 'node:fs';

export interface TracedCall {
  readonly call: string;
  /** From the watched folder; empty for a mark. */
  readonly path: string;
  /** Monotonic, in milliseconds. */
  readonly at: number;
  /** `failed` as asked for; `waited` when a delay that was asked for is over. */
  readonly sign: 'passed' | 'failed' | 'waited';
}

export function readTrace(path: string): TracedCall[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [, at = '', call = '', name = '', sign = ''] = line.split(' ');
    return { call, path: name, at: Number(at) / 1e6, sign: sign === '*' ? 'failed' : sign === 'ended' ? 'waited' : 'passed' };
  });
}

/** One call of a run that is to fail: the nth with this name on this file. */
export interface Site {
  readonly call: string;
  readonly path: string;
  readonly nth: number;
}

/** Every call of a trace, marks left out. */
export function sitesOf(trace: readonly TracedCall[]): Site[] {
  const seen = new Map<string, number>();
  return trace.filter(({ call }) => call !== 'mark').map(({ call, path }) => {
    const name = `${call} ${path}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { call, path, nth };
  });
}

/** Call and file, without which of them it was: what the figures count. */
export function placeOf({ call, path }: Pick<Site, 'call' | 'path'>): string {
  return `${call} ${path}`;
}
