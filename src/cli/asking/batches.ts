// Batches: calling functions of the service, and following what was submitted.

import type { Batch, BatchInfo, TaskError, TaskResult } from '@holdfast/client';
import type { SubmitFlags } from '../commands/batches.ts';
import type { ServiceFlags } from '../context.ts';
import { showDuration } from '../durations.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable, type Output } from '../output.ts';
import { asking } from './ask.ts';
import { readItems } from './items.ts';
import { Progress } from './progress.ts';

/** How often a bar moves. */
const FOLLOW_MS = 250;
const FAILURES_SHOWN = 5;

export const functions = asking(async ({ service, output }, _flags: ServiceFlags) => {
  output.list(await service.listFunctions(), {
    head: ['FUNCTION', 'MODULE', 'DESCRIPTION'],
    row: ({ name, module, description }) => [name, module, description.split('\n')[0] ?? ''],
    nothing: 'The service has no functions: they are what the modules in its functions folder export.',
  });
});

export const submit = asking(async ({ service, output }, { call, chunkSize, timeout, detach }: SubmitFlags, name: string): Promise<ExitCode> => {
  if (process.stdin.isTTY) output.say({ event: 'reading' }, 'reading items from the terminal, one JSON value a line; Ctrl-D ends them');
  const items = await readItems(process.stdin);
  const batch = await service.pool.submit(name, items, { call, chunkSize, timeoutMs: timeout });
  if (detach) {
    output.give({ batch: batch.id }, batch.id);
    return EXIT.done;
  }
  output.say({ event: 'submitted', batch: batch.id }, `${batch.id} has ${items.length} items; "holdfast batch ${batch.id}" follows it from anywhere`);
  const ended = await follow(batch, output);
  for await (const result of batch.results()) giveResult(result, output);
  return tellEnd(ended, output);
});

export const batch = asking(async ({ service, output }, _flags: ServiceFlags, id: string): Promise<ExitCode> => {
  const followed = service.batch(id);
  const ended = await follow(followed, output);
  output.give(ended, summaryOf(ended, (format, text) => output.styled(format, text)));
  if (!output.json && ended.state === 'failed') await showFailures(followed, ended.counts.failed);
  return ended.state === 'succeeded' ? EXIT.done : EXIT.failed;
});

/** The batch when it has ended. */
async function follow(followed: Batch, output: Output): Promise<BatchInfo> {
  using progress = new Progress(output);
  for (;;) {
    const seen = await followed.show({ waitMs: FOLLOW_MS });
    progress.show(seen);
    if (seen.endedAt !== undefined) return seen;
  }
}

/** A value for each line of the input, so that both can be read side by side. */
function giveResult(result: TaskResult, output: Output): void {
  output.give(result, JSON.stringify(result.value ?? null));
  if (!output.json && result.error !== undefined) output.say({ event: 'failed' }, failureLine(result.index, result.error));
}

function tellEnd(ended: BatchInfo, output: Output): ExitCode {
  output.say({ event: 'ended', batch: ended.id, state: ended.state, counts: ended.counts }, summaryOf(ended, (format, text) => output.accented(format, text)));
  return ended.state === 'succeeded' ? EXIT.done : EXIT.failed;
}

function summaryOf({ id, state, counts, startedAt, endedAt, createdAt }: BatchInfo, paint: Output['styled']): string {
  const tookMs = endedAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(startedAt ?? createdAt);
  const kinds = (['succeeded', 'failed', 'cancelled'] as const).filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  return `${id} ${paint(state === 'succeeded' ? 'green' : 'red', state)} after ${showDuration(tookMs)}: ${kinds.join(', ') || 'no items'}`;
}

async function showFailures(followed: Batch, failed: number): Promise<void> {
  let shown = 0;
  for await (const { index, error } of followed.results()) {
    if (error === undefined) continue;
    process.stderr.write(`  ${failureLine(index, error)}\n`);
    shown += 1;
    if (shown === FAILURES_SHOWN) break;
  }
  if (failed > shown) process.stderr.write(`  and ${failed - shown} more\n`);
}

function failureLine(index: number, { name, message, kind }: TaskError): string {
  return printable(`item ${index + 1}: ${name}: ${message}${kind === 'error' ? '' : ` (${kind})`}`);
}
