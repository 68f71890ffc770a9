// Batches: the commands around functions and batches, as the parser knows them.

import { buildCommand } from '@stricli/core';
import type { Context, ServiceFlags } from '../context.ts';
import { durationFrom } from '../durations.ts';
import { BATCH, FUNCTION, integerFrom, SERVICE } from '../parameters.ts';

const TIMEOUT_MS_MAX = 86_400_000;
const CHUNK_MAX = 1_000_000;

export const functions = buildCommand<ServiceFlags, [], Context>({
  loader: async () => (await import('../asking/batches.ts')).functions,
  parameters: { flags: SERVICE },
  docs: { brief: 'List the functions that batches may call' },
});

export interface SubmitFlags extends ServiceFlags {
  readonly call: 'map' | 'starmap';
  readonly chunkSize?: number;
  readonly timeout?: number;
  readonly detach: boolean;
}

export const submit = buildCommand<SubmitFlags, [name: string], Context>({
  loader: async () => (await import('../asking/batches.ts')).submit,
  parameters: {
    flags: {
      call: { kind: 'enum', values: ['map', 'starmap'], default: 'map', brief: 'map: an item is the one argument; starmap: it is the list of them' },
      chunkSize: { kind: 'parsed', parse: integerFrom(1, CHUNK_MAX), optional: true, placeholder: 'N', brief: 'How many items a worker takes at once' },
      timeout: { kind: 'parsed', parse: durationFrom(1, TIMEOUT_MS_MAX), optional: true, placeholder: '10m', brief: 'How long one item may take' },
      detach: { kind: 'boolean', default: false, withNegated: false, brief: 'Print the id of the batch and do not wait for its end' },
      ...SERVICE,
    },
    positional: { kind: 'tuple', parameters: [FUNCTION] },
  },
  docs: {
    brief: 'Call a function for every line of standard input',
    fullDescription: `Call a function for every line of standard input, each of which is one item in JSON, and print the values in order,
one a line; null for an item without one, which is named on standard error.

  holdfast submit resize < items.ndjson > values.ndjson

Exit codes: 0 all items succeeded; 1 some did not.`,
  },
});

export const batch = buildCommand<ServiceFlags, [id: string], Context>({
  loader: async () => (await import('../asking/batches.ts')).batch,
  parameters: { flags: SERVICE, positional: { kind: 'tuple', parameters: [BATCH] } },
  docs: { brief: 'Follow a batch to its end', fullDescription: 'Follow a batch to its end, and show how it ended. Exit codes: 0 all items succeeded; 1 some did not.' },
});
