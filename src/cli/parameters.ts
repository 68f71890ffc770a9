// Parameters: the flags and arguments that several commands share, and what the shell may complete them with.
//
// Owns their texts and bounds. What a value means is the command's.

import { durationFrom } from './durations.ts';
import { batchIds, functionNames, lockNames } from './proposals.ts';

const HOUR_MS = 3_600_000;
const TTL_MS_MIN = 100;
/** Below that there is no time to end a command in before its lease ends. */
const RUN_TTL_MS_MIN = 1_000;
const DAY_MS = 24 * HOUR_MS;

export const SERVICE = {
  url: { kind: 'parsed', parse: urlOf, optional: true, placeholder: 'URL', brief: 'Where the service is; else HOLDFAST_URL, else http://127.0.0.1:7420' },
  token: { kind: 'parsed', parse: String, optional: true, placeholder: 'TOKEN', brief: 'Its token; better in HOLDFAST_TOKEN, as others can see the arguments of a process' },
  json: { kind: 'boolean', default: false, withNegated: false, brief: 'One JSON object a line, for programs' },
} as const;

export const TTL = {
  kind: 'parsed', parse: durationFrom(TTL_MS_MIN, DAY_MS), optional: true, placeholder: '30s',
  brief: 'How long the lease lasts unless it is renewed; the service gives 30s',
} as const;

export const RUN_TTL = {
  kind: 'parsed', parse: durationFrom(RUN_TTL_MS_MIN, DAY_MS), default: '30s', placeholder: '30s',
  brief: 'How long the lease lasts after each renewal; 1s to 1d',
} as const;

export const WAIT = {
  kind: 'parsed', parse: durationFrom(0, DAY_MS), default: '0', placeholder: '1m',
  brief: 'How long to wait in line for the lock; 0 tries once',
} as const;

export const OWNER = {
  kind: 'parsed', parse: String, optional: true, placeholder: 'NAME',
  brief: 'Who holds it, for others to see; else the user and the host',
} as const;

export const LOCK = { brief: 'The name of the lock', parse: String, placeholder: 'LOCK', proposeCompletions: lockNames } as const;
export const LEASE = { brief: 'The id of the lease, as acquire printed it; - reads it from standard input', parse: String, placeholder: 'LEASE' } as const;
export const FUNCTION = { brief: 'A function of the service', parse: String, placeholder: 'FUNCTION', proposeCompletions: functionNames } as const;
export const BATCH = { brief: 'The id of a batch', parse: String, placeholder: 'ID', proposeCompletions: batchIds } as const;

export function integerFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/u.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`"${text}" is not an integer from ${min} to ${max}`);
    return value;
  };
}

function urlOf(text: string): string {
  if (!/^https?:\/\/./u.test(text) || !URL.canParse(text)) throw new Error(`"${text}" is not an address: write it as http://host:port`);
  return text;
}
