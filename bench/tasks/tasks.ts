// No-op tasks: our pool beside Piscina, on two threads each.
//
// Singly: each task is handed over and answered on its own. In chunks: ours takes a hundred at once and still reports
// each by itself, because a result must survive the loss of the thread that runs the rest. Piscina has no chunks; a call
// that loops over a hundred is what its users do instead, and has one result, one error and no turn between two items.

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { inTurns, ratios, type Rounds } from '../figures.ts';
import type { Side } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { OurPool } from './ours.ts';

const WORKERS = 2;
const TASKS = 20_000;
const CHUNK = 100;
/** In chunks they are over in some dozen milliseconds, in which one collection of garbage counts for much. */
const TIMES_PER_ROUND = 5;
/** It takes so many until all is compiled. */
const COLD_ROUNDS = 3;
const FUNCTIONS_DIR = fileURLToPath(new URL('../functions', import.meta.url));

export async function noOpTasks(report: Report): Promise<void> {
  await using ours = new OurPool(WORKERS, FUNCTIONS_DIR);
  await ours.ready;
  const piscina = new Piscina({ filename: new URL('piscina-worker.ts', import.meta.url).href, minThreads: WORKERS, maxThreads: WORKERS });
  const chunk = Array.from({ length: CHUNK }, () => null);
  const singly = (): Promise<unknown> => Promise.all(Array.from({ length: TASKS }, () => piscina.run(null)));
  const looped = (): Promise<unknown> => Promise.all(Array.from({ length: TASKS / CHUNK }, () => piscina.run(chunk, { name: 'nothings' })));
  const contestants = [() => ours.run(TASKS, 1), () => ours.run(TASKS, CHUNK), singly, looped].map((run) => () => tasksPerSecond(run));
  try {
    await inTurns(contestants, COLD_ROUNDS);
    const [our = [], chunks = [], theirs = [], loops = []] = await inTurns(contestants);
    report.figure('tasks-singly', { rounds: ratios(our, theirs), sides: [tasks('Holdfast', our), tasks('Piscina', theirs)] });
    report.figure('tasks-chunks', { rounds: ratios(chunks, theirs), sides: [tasks('Holdfast', chunks), tasks('Piscina, singly', theirs)] });
    report.reading('no-op tasks', tasks(`Piscina, one call that loops over ${CHUNK}, one result for all`, loops));
  } finally {
    await piscina.destroy();
  }
}

function tasks(name: string, rounds: Rounds): Side {
  return { name, unit: 'tasks/s', rounds };
}

async function tasksPerSecond(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  for (let n = 0; n < TIMES_PER_ROUND; n += 1) await run();
  return (TIMES_PER_ROUND * TASKS) / ((performance.now() - began) / 1_000);
}
