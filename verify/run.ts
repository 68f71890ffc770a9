// The long verification: `npm run verify`, or `npm run verify -- histories power` for some parts of it, with
// `--minutes 10` and `--seed 1`. What each part shows, and what none of them can, is in docs/guarantees.md.
//
// Owns the order of the parts, their shares of the time, and the table at the end. Ends with 1 when a figure is missed.

import { parseArgs } from 'node:util';
import { command } from './command/part.ts';
import { histories } from './histories/part.ts';
import { hostile } from './hostile/part.ts';
import { io } from './io/part.ts';
import type { Figure, Part } from './part.ts';
import { planted } from './planted/part.ts';
import { power } from './power/part.ts';
import { sim } from './sim/part.ts';

/** A part registers by a line here. */
const PARTS: readonly Part[] = [sim, planted, histories, power, io, hostile, command];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes takes a number above 0, --seed a whole number');
const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) throw new Error(`not a part: ${unknown.join(', ')}; there are ${PARTS.map((part) => part.name).join(', ')}`);

const asked = PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const shares = asked.reduce((sum, { share }) => sum + share, 0);
console.log(`Seed ${seed}; ${minutes} minutes for ${asked.map(({ name }) => name).join(', ')}.`);

const table: { part: string; figures: readonly Figure[] }[] = [];
for (const part of asked) table.push({ part: part.name, figures: await figuresOf(part) });
printTable();
if (table.some(({ figures }) => figures.some(({ ok }) => !ok))) process.exitCode = 1;

async function figuresOf(part: Part): Promise<readonly Figure[]> {
  const missing = part.missing();
  if (missing !== undefined) return [{ what: 'skipped', reached: missing, ok: true }];
  try {
    return await part.run({ seconds: (minutes * 60 * part.share) / shares, seed }, (progress) => { console.log(`${part.name}: ${progress}`); });
  } catch (error) {
    console.error(error);
    return [{ what: 'failed', reached: error instanceof Error ? error.message : String(error), ok: false }];
  }
}

function printTable(): void {
  for (const { part, figures } of table) {
    console.log(`\n${part}`);
    for (const { what, reached, asked: least, ok } of figures) {
      console.log(`  ${ok ? '✓' : '✗'} ${what.padEnd(52)} ${reached}${least === undefined ? '' : ` (asked: ${least})`}`);
    }
  }
}
