// The long verification: `npm run verify`, or `npm run verify -- histories power` for some parts of it, with
// `--minutes 12` and `--seed 1`. `--write` puts the table of a whole run into docs/guarantees.md, which says what each
// part shows, and what none of them can.
//
// Owns the order of the parts and their shares of the time. Ends with 1 when a figure is missed.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { VERSION } from '../src/version.ts';
import { command } from './command/part.ts';
import { keepCompiled } from './compiled.ts';
import { histories } from './histories/part.ts';
import { hostile } from './hostile/part.ts';
import { io } from './io/part.ts';
import type { Figure, Part } from './part.ts';
import { planted } from './planted/part.ts';
import { power } from './power/part.ts';
import { asMarkdown, asText, writeFigures, type Report } from './report.ts';
import { sim } from './sim/part.ts';

/** A part registers by a line here. The simulator is the last: it takes the time that others leave. */
const PARTS: readonly Part[] = [planted, histories, power, io, hostile, sim];
/** Those that try what stands beside the service run when they are named. */
const BESIDE: readonly Part[] = [command];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '12' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    write: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes takes a number above 0, --seed a whole number');
const known = [...PARTS, ...BESIDE];
const unknown = positionals.filter((name) => !known.some((part) => part.name === name));
if (unknown.length > 0) throw new Error(`not a part: ${unknown.join(', ')}; there are ${known.map((part) => part.name).join(', ')}`);
if (values.write && positionals.length > 0) throw new Error('--write is for a run of all parts: leave their names out');

/** For so long a run the guarantees page has its figures. */
const WHOLE_MINUTES = 12;

keepCompiled();
const began = performance.now();
const asked = positionals.length === 0 ? PARTS : known.filter(({ name }) => positionals.includes(name));
console.log(`Seed ${seed}; ${minutes} minutes for ${asked.map(({ name }) => name).join(', ')}.`);

const reports: Report[] = [];
for (const [nth, part] of asked.entries()) reports.push({ part: part.name, figures: await figuresOf(part, asked.slice(nth)) });
const tookMinutes = (performance.now() - began) / 60_000;
console.log(`${asText(reports)}\n\nIt took ${tookMinutes.toFixed(1)} minutes.`);
if (values.write) writeFigures(asMarkdown(reports, { version: VERSION, day: new Date().toISOString().slice(0, 10), cores: availableParallelism(), node: process.version, seed, tookMinutes }));
if (reports.some(({ figures }) => figures.some(({ ok }) => !ok))) process.exitCode = 1;

/** `left`: the parts that have not run yet, this one first. What an earlier one did not need is theirs. */
async function figuresOf(part: Part, left: readonly Part[]): Promise<readonly Figure[]> {
  const missing = part.missing();
  if (missing !== undefined) return [{ what: 'skipped', reached: missing, ok: true }];
  try {
    const secondsLeft = Math.max(1, minutes * 60 - (performance.now() - began) / 1_000);
    const shares = left.reduce((sum, { share }) => sum + share, 0);
    return await part.run({ seconds: (secondsLeft * part.share) / shares, whole: minutes / WHOLE_MINUTES, seed }, (progress) => { console.log(`${part.name}: ${progress}`); });
  } catch (error) {
    console.error(error);
    return [{ what: 'failed', reached: error instanceof Error ? error.message : String(error), ok: false }];
  }
}
