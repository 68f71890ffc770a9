// Lock and unlock inside tasks, all on one hot lock: ours, as a batch over HTTP, beside a lock of Python's Manager.

import { output, startService, type Server } from '../children.ts';
import { inTurns, type Comparison } from '../figures.ts';

const WORKERS = 4;
const TIMES = 2_500;
const WARM_TIMES = 200;
const ROUNDS = 5;

/** No comparison where there is no python3. */
export async function compareHotLock(): Promise<Comparison[]> {
  if ((await python(1)) === undefined) {
    console.log('python3 is not here: the hot lock is not compared.');
    return [];
  }
  await using service = await startService({ HOLDFAST_WORKERS: String(WORKERS) });
  await batch(service, WARM_TIMES);
  const rounds = await inTurns(ROUNDS, () => batch(service, TIMES), async () => (await python(TIMES)) ?? Number.NaN);
  return [{ name: `lock + unlock in tasks, ${WORKERS} workers, one lock`, beside: "Manager().Lock()", ...rounds }];
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

async function python(times: number): Promise<number | undefined> {
  const told = await output('python3', ['bench/locks/manager.py', String(WORKERS), String(times)]);
  return typeof told === 'object' && told !== null && 'pairsPerSecond' in told ? Number(told.pairsPerSecond) : undefined;
}
