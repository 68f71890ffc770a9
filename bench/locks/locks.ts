// Lock and unlock inside tasks, all on one hot lock: ours, as a batch over HTTP, beside a lock of Python's Manager.

import { output, type Server } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import { findProgram } from '../peers/programs.ts';
import { pairs } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const WORKERS = 4;
const TIMES = 2_500;
/** Pairs of each worker until all that they use is compiled. */
const COLD_TIMES = 10_000;

export async function taskLocks(report: Report): Promise<void> {
  if (findProgram('python3') === undefined) return report.skip("locks in tasks beside Python's Manager().Lock()", 'python3 is not installed');
  await using service = await startService({ environment: { HOLDFAST_WORKERS: String(WORKERS) } });
  await batch(service, COLD_TIMES);
  const [ours = [], theirs = []] = await inTurns([() => batch(service, TIMES), () => python(TIMES)]);
  return report.figure('task-locks', {
    rounds: ratios(ours, theirs),
    sides: [pairs('Holdfast', ours), pairs('Manager().Lock()', theirs)],
  });
}

/** Pairs per second, from the request to its answer. */
async function batch({ address }: Server, times: number): Promise<number> {
  const body = { function: 'takeTurns', call: 'starmap', chunkSize: 1, waitMs: 60_000, items: Array.from({ length: WORKERS }, () => [{ $lock: 'hot' }, times]) };
  const began = performance.now();
  const answer = await fetch(`${address}/v1/batches`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the batch was answered ${answer.status}: ${text}`);
  return (WORKERS * times) / ((performance.now() - began) / 1_000);
}

async function python(times: number): Promise<number> {
  const told = await output<{ readonly pairsPerSecond: number }>('python3', ['bench/locks/manager.py', String(WORKERS), String(times)]);
  return told?.pairsPerSecond ?? Number.NaN;
}
