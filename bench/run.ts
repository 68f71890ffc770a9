// The benchmark: `npm run bench`, or `npm run bench -- http tasks locks` for some of it. What is measured, and how to
// read it, is in README.md beside this file. It judges nothing: its numbers are for comparing on one machine.

import { availableParallelism } from 'node:os';
import { printComparisons, type Comparison } from './figures.ts';
import { compareHttp } from './http/http.ts';
import { compareHotLock } from './locks/locks.ts';
import { compareTasks } from './tasks/tasks.ts';

const PARTS: Readonly<Record<string, () => Promise<Comparison[]>>> = { http: compareHttp, tasks: compareTasks, locks: compareHotLock };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0) throw new Error(`not a part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);

console.log(`Node ${process.version}, ${availableParallelism()} cores. Each number is the median of several rounds, taken in turns.`);
const comparisons: Comparison[] = [];
for (const [name, compare] of Object.entries(PARTS)) {
  if (asked.length === 0 || asked.includes(name)) comparisons.push(...(await compare()));
}
printComparisons(comparisons);
