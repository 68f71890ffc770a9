// No-op tasks: our pool beside Piscina, on two threads each.
//
// Singly: each task is handed over and answered on its own. In chunks: ours takes a hundred at once and still reports
// each by itself, because a result must survive the loss of the thread that runs the rest. Piscina has no chunks; a call
// that loops over a hundred is what its users do instead, and has one result, one error and no turn between two items.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { inTurns, type Comparison } from '../figures.ts';
import { OurPool } from './ours.ts';

const WORKERS = 2;
const TASKS = 20_000;
const CHUNK = 100;
const ROUNDS = 5;
const FUNCTIONS_DIR = fileURLToPath(new URL('../functions', import.meta.url));

export async function compareTasks(): Promise<Comparison[]> {
  await using ours = new OurPool(WORKERS, FUNCTIONS_DIR);
  await ours.ready;
  const piscina = new Piscina({ filename: new URL('piscina-worker.ts', import.meta.url).href, minThreads: WORKERS, maxThreads: WORKERS });
  const chunk = Array.from({ length: CHUNK }, () => null);
  const singly = (): Promise<unknown> => Promise.all(Array.from({ length: TASKS }, () => piscina.run(null)));
  const chunked = (): Promise<unknown> => Promise.all(Array.from({ length: TASKS / CHUNK }, () => piscina.run(chunk, { name: 'nothings' })));
  try {
    return [
      await compare('no-op tasks, singly', 'Piscina, singly', () => ours.run(TASKS, 1), singly),
      await compare(`no-op tasks, chunks of ${CHUNK}`, 'Piscina, singly', () => ours.run(TASKS, CHUNK), singly),
      await compare(`no-op tasks, chunks of ${CHUNK}`, `Piscina, ${CHUNK} in a call`, () => ours.run(TASKS, CHUNK), chunked),
    ];
  } finally {
    await piscina.destroy();
  }
}

async function compare(name: string, beside: string, ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<Comparison> {
  await ours();
  await theirs();
  return { name, beside, ...(await inTurns(ROUNDS, () => tasksPerSecond(ours), () => tasksPerSecond(theirs))) };
}

async function tasksPerSecond(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return TASKS / ((performance.now() - began) / 1_000);
}
