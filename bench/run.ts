// The benchmark: `npm run bench`, or `npm run bench -- own tasks` for some of it. What is measured, and how to read it, is
// in README.md beside this file. It judges nothing. A whole run writes `bench/results/`; a part only prints.

import { batches } from './batches/batches.ts';
import { oneClient } from './bulk/bulk.ts';
import { hotLock, hotLockWithoutFlush } from './hot/hot.ts';
import { taskLocks } from './locks/locks.ts';
import { manyRows } from './many/many.ts';
import { memoryUse } from './memory/memory.ts';
import { scraping } from './metrics/metrics.ts';
import { ownLocks } from './own/own.ts';
import { Report } from './report/report.ts';
import { table, writeResults } from './report/results.ts';
import { noOpTasks } from './tasks/tasks.ts';
import { manyWaiters } from './waiting/waiting.ts';

const SCENARIOS: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  own: ownLocks, bulk: oneClient, hot: hotLock, os: hotLockWithoutFlush, waiting: manyWaiters, many: manyRows,
  batches, tasks: noOpTasks, locks: taskLocks, metrics: scraping, memory: memoryUse,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => SCENARIOS[name] === undefined);
if (unknown.length > 0) throw new Error(`not a scenario: ${unknown.join(', ')}; there are ${Object.keys(SCENARIOS).join(', ')}`);

const report = new Report();
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  const began = performance.now();
  try {
    await run(report);
  } catch (error) {
    console.error(error);
    report.skip(name, `failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
  const seconds = (performance.now() - began) / 1_000;
  report.seconds.set(name, seconds);
  console.log(`  (${Math.round(seconds)} s)`);
}
if (asked.length === 0) writeResults(report);
console.log(`\n${table(report)}`);
