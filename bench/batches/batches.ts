// A batch of 100,000 no-op items over HTTP, durable, in chunks of 100: from the request to the answer that it has ended.
//
// Beside Python's `Pool(2).starmap` with the same chunks, in one process and in memory. How long the event loop was kept
// is read from the service's own metric, and seen by a probe beside it.

import { output, type Server } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Probed, ProbeAsked } from '../load/probe.ts';
import { findProgram } from '../peers/programs.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const ITEMS = 100_000;
const CHUNK = 100;
const WORKERS = 2;
const COLD_ITEMS = 20_000;
const PROBE_EVERY_MS = 5;
/** A longest delay of the loop, in seconds, since the metrics were last read. */
const LOOP_DELAY = /^nodejs_eventloop_lag_max_seconds (?<seconds>\S+)$/mu;
/** That metric counts from one look to the next, and it looks this often. */
const LOOK_MS = 10;

type Probe = Load<ProbeAsked, Probed>;

interface Run extends Probed {
  readonly seconds: number;
  readonly loopDelayMs: number;
}

export async function batches(report: Report): Promise<void> {
  await using service = await startService({ environment: { HOLDFAST_WORKERS: String(WORKERS) } });
  await using probe: Probe = await Load.start('bench/load/probe.ts', service.address, PROBE_EVERY_MS);
  await batchSeconds(service, COLD_ITEMS);
  const hasPython = findProgram('python3') !== undefined;
  const runs: Run[] = [];
  const [ours = [], theirs = []] = await inTurns([async () => {
    const run = await probed(service, probe);
    runs.push(run);
    return run.seconds;
  }, hasPython ? python : undefined]);
  if (!hasPython) report.skip("batches beside Python's Pool", 'python3 is not installed');
  else {
    report.figure('batch-python', {
      rounds: ratios(ours, theirs), sides: [{ name: 'Holdfast', unit: 's', rounds: ours }, { name: 'Pool(2).starmap', unit: 's', rounds: theirs }],
    });
  }
  report.figure('batch-delay', {
    rounds: runs.map(({ loopDelayMs }) => loopDelayMs),
    sides: [
      { name: 'longest /health/live beside it', unit: 'ms', rounds: runs.map(({ liveMaxMs }) => liveMaxMs) },
      { name: 'longest acquire beside it', unit: 'ms', rounds: runs.map(({ acquireMaxMs }) => acquireMaxMs) },
      { name: 'median acquire beside it', unit: 'ms', rounds: runs.map(({ acquireMedianMs }) => acquireMedianMs) },
    ],
  });
}

async function probed(service: Server, probe: Probe): Promise<Run> {
  await longestLoopDelay(service);
  await probe.measure('begin');
  const seconds = await batchSeconds(service, ITEMS);
  return { seconds, ...(await probe.measure('end')), loopDelayMs: await longestLoopDelay(service) };
}

async function batchSeconds({ address }: Server, count: number): Promise<number> {
  const items = Array.from({ length: count }, (_, index) => [index]);
  const body = JSON.stringify({ function: 'nothing', call: 'starmap', chunkSize: CHUNK, waitMs: 240_000, items });
  const began = performance.now();
  const answer = await fetch(`${address}/v1/batches`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the batch was answered ${answer.status}: ${text}`);
  return (performance.now() - began) / 1_000;
}

/** Since it was last asked. */
async function longestLoopDelay({ address }: Server): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const seconds = LOOP_DELAY.exec(text)?.groups?.['seconds'];
  return Math.max(0, Number(seconds) * 1_000 - LOOK_MS);
}

async function python(): Promise<number> {
  const told = await output<{ readonly seconds: number }>('python3', ['bench/batches/pool.py', String(WORKERS), String(ITEMS), String(CHUNK)]);
  return told?.seconds ?? Number.NaN;
}
