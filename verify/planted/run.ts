// The list of planted bugs with the seed that catches each: `npm run planted`, or `npm run planted -- NAME` for
// some of them. Each is searched for anew from the first seed on. Ends with 1 when one is not caught.
//
// Owns the printing. `--table` prints what seeds.ts holds instead of the list.

import { parseArgs } from 'node:util';
import { keepCompiled } from '../compiled.ts';
import { huntAll, type Hunted } from './all.ts';
import { BUGS } from './bugs.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { table: { type: 'boolean', default: false } } });
const unknown = positionals.filter((name) => !BUGS.some((bug) => bug.name === name));
if (unknown.length > 0) throw new Error(`no such bug: ${unknown.join(', ')}`);
const bugs = positionals.length === 0 ? BUGS : BUGS.filter(({ name }) => positionals.includes(name));

keepCompiled();
const hunted = await huntAll(bugs, new Map(), (one) => { if (!values.table) console.log(line(one)); });
const caught = hunted.filter(({ found }) => found !== undefined);
if (values.table) for (const { bug, found } of caught) console.log(`  ['${bug.name}', ${found!.seed}],`);
else console.log(`planted bugs caught: ${caught.length} of ${hunted.length}`);
if (caught.length < hunted.length) process.exitCode = 1;

function line({ bug: { name, why }, found, failure }: Hunted): string {
  if (failure !== undefined) return `? ${name}: ${failure}`;
  if (found === undefined) return `✗ ${name}: not caught. ${why}`;
  return `✓ ${name.padEnd(38)} seed ${String(found.seed).padEnd(4)} ${found.property}: ${found.told.slice(0, 160)}`;
}
