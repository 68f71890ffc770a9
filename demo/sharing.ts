// Sharing: ten tasks that take one lock in turns, which reaches them in three ways.

import { metric, type Batch, type Holdfast, type Result } from './holdfast.ts';
import { LOCK, WAITERS } from './locks.ts';
import { hold, say, section, show } from './page.ts';

const TASKS = Array.from({ length: 10 }, (_, task) => task);
const SHARED = { $lock: LOCK };
/** As many as the tutorial's pool has. */
const WORKERS = 4;
/** How often metrics are looked at while a batch runs. */
const LOOK_MS = 500;
/** Sleeps are cut to whole milliseconds. */
const ROUNDING_MS = TASKS.length;
const PRINTED = /^Task (?<task>\d+) completed with \d\.\d+(?:e-\d+)?$/u;

export async function playSharing(holdfast: Holdfast): Promise<void> {
  section('2. Ten tasks share a lock');
  const workers = await workersOf(holdfast);
  hold(workers > 1, `the service has several worker threads: start it with HOLDFAST_WORKERS=${WORKERS}`);
  say(`A batch calls a function of the functions folder once for each item, on the worker threads of the service; this one has ${workers} of them${workers < WORKERS ? ` (with HOLDFAST_WORKERS=${WORKERS} it has ${WORKERS}, as in the tutorial)` : ''}. Each of these ten tasks takes the lock "${LOCK}", draws a number, sleeps for that part of a second and prints a line. So the tasks begin side by side and sleep one after another. The lock itself never leaves the service: a task finds it where the request says {"$lock": "${LOCK}"}.`);

  await run(holdfast, 'By argument: each item is the list of the arguments of one call.', {
    function: 'drawWithLock', call: 'starmap', items: TASKS.map((task) => [SHARED, task]),
  }, `"items": [[{"$lock": "${LOCK}"}, 0], [{"$lock": "${LOCK}"}, 1], …]`);
  await run(holdfast, 'By initializer: every worker of the batch is given the lock once, before its first task.', {
    function: 'drawWithInitializedLock', items: TASKS, initializer: { function: 'useLock', args: [SHARED] },
  }, `"items": [0, 1, …], "initializer": {"function": "useLock", "args": [{"$lock": "${LOCK}"}]}`);
  await run(holdfast, 'By inherited global: the workers of the batch begin with it in globalThis.', {
    function: 'drawWithGlobalLock', items: TASKS, globals: { lock: SHARED },
  }, `"items": [0, 1, …], "globals": {"lock": {"$lock": "${LOCK}"}}`);
}

async function run(holdfast: Holdfast, told: string, request: object, shown: string): Promise<void> {
  say(told);
  show(`POST /v1/batches {${shown}}`);
  const began = performance.now();
  const batch = await holdfast.must<Batch>(202, 'POST', '/v1/batches', request);
  await follow(holdfast, batch.id, began);
  const tookMs = performance.now() - began;
  const { results } = await holdfast.must<{ results: readonly Result[] }>(200, 'GET', `/v1/batches/${batch.id}/results`);
  say('What they printed, in the order of the items:');
  for (const [task, result] of results.entries()) showPrinted(task, result);
  const sleptMs = results.reduce((sum, { value }) => sum + Number(value) * 1_000, 0);
  hold(results.length === TASKS.length, 'every task has a result');
  hold(sleptMs <= tookMs + ROUNDING_MS, 'no two tasks slept at the same time');
  say(`They slept ${seconds(sleptMs)} altogether, and the batch took ${seconds(tookMs)}: no two at the same time.`);
}

/** Shows who waits for the lock until the batch has ended. */
async function follow(holdfast: Holdfast, id: string, began: number): Promise<void> {
  let most = 0;
  for (let batch: Batch | undefined; batch?.state !== 'succeeded';) {
    batch = await holdfast.must<Batch>(200, 'GET', `/v1/batches/${id}?waitMs=${LOOK_MS}`);
    hold(batch.state === 'running' || batch.state === 'succeeded', `the batch succeeds; it is ${batch.state}`);
    const waiters = metric(await holdfast.metrics(), WAITERS) ?? 0;
    most = Math.max(most, waiters);
    show(`after ${seconds(performance.now() - began)}  ${WAITERS} ${waiters}   ${batch.counts.succeeded} of ${batch.counts.total} done`);
  }
  hold(most > 0, 'tasks wait in line while another holds the lock, and /metrics counts them');
}

function showPrinted(task: number, { logs, state }: Result): void {
  const printed = logs.trimEnd();
  hold(state === 'succeeded' && PRINTED.exec(printed)?.groups?.['task'] === String(task), `task ${task} says that it completed; it is ${state} and said "${printed}"`);
  show(printed);
}

async function workersOf(holdfast: Holdfast): Promise<number> {
  const lines = (await holdfast.metrics()).split('\n').filter((line) => /^holdfast_pool_workers\{state="(?!stuck)/u.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
