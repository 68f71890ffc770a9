// Results: what a whole run leaves in `bench/results/`: a table to read, the same as data, and a chart.

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { median } from '../figures.ts';
import { VERSION } from '../../src/version.ts';
import { chart } from './chart.ts';
import { entries, type Aimed, type Figure, type Side } from './figures.ts';
import { ceilingText, range, shown } from './numbers.ts';
import type { Report } from './report.ts';

const FOLDER = new URL('../results/', import.meta.url);
const GIB = 1024 ** 3;

export function writeResults(report: Report): void {
  mkdirSync(FOLDER, { recursive: true });
  const text = table(report);
  writeFileSync(new URL('results.md', FOLDER), text);
  writeFileSync(new URL('results.json', FOLDER), `${JSON.stringify(data(report), null, 2)}\n`);
  writeFileSync(new URL('results.svg', FOLDER), chart(report));
}

/** The whole of it as Markdown. */
export function table({ figures, readings, missing, seconds }: Report): string {
  const rows = entries().map(([id, aimed]) => row(aimed, figures.get(id)));
  const beside = readings.map(({ scenario, side }) => `| ${scenario} | ${side.name} | ${shown(median(side.rounds), side.unit)} | ${range(side.rounds)} |`);
  const whole = [...seconds.values()].reduce((sum, each) => sum + each, 0);
  return [
    '# Results', '', 'Written by `npm run bench`; how to read it is in [the README beside it](../README.md).', '',
    `${machine()}. ${Math.round(whole)} seconds in all.`, '', '![The figures of this run beside their aims](results.svg)', '',
    '| figure | reach | aim | this run | rounds | made of |', '|---|---|---|---|---|---|', ...rows, '',
    '## Beside them', '', '| scenario | | median | rounds |', '|---|---|---|---|', ...beside, '',
    ...(missing.length === 0 ? [] : ['## Left out', '', ...missing.map(({ what, why }) => `- ${what}: ${why}`), '']),
  ].join('\n');
}

function row(aimed: Aimed, figure: Figure | undefined): string {
  const { name, unit, reach, aim, better } = aimed;
  const bound = better === 'more' ? '≥' : '≤';
  const aims = `${bound} ${shown(reach, unit)} | ${bound} ${shown(aim, unit)}`;
  if (figure === undefined) return `| ${name} | ${aims} | not measured | | |`;
  const made = [...figure.sides.map(sideText), ...(figure.note === undefined ? [] : [figure.note]), ...(figure.ceiling === undefined ? [] : [`**${ceilingText(aimed, figure)}**`])].join('; ');
  return `| ${name} | ${aims} | **${shown(median(figure.rounds), unit)}** | ${range(figure.rounds)} | ${made} |`;
}

function sideText({ name, unit, rounds }: Side): string {
  return `${name} ${shown(median(rounds), unit)}`;
}

function data({ figures, readings, missing, seconds }: Report): object {
  return {
    machine: machine(), seconds: Object.fromEntries(seconds), missing,
    figures: entries().map(([id, aimed]) => ({ id, ...aimed, ...withValue(figures.get(id)) })),
    readings: readings.map(({ scenario, side }) => ({ scenario, ...side, value: median(side.rounds) })),
  };
}

function withValue(figure: Figure | undefined): object {
  return figure === undefined ? { value: null } : { value: median(figure.rounds), ...figure };
}

function machine(): string {
  return `Holdfast ${VERSION}, Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / GIB)} GiB, ${process.platform} ${release()}`;
}
