// Report: the summary of a long verification, for whoever ran it and for the guarantees page.
//
// Owns the two forms of the table, and the place in docs/guarantees.md that holds the figures of the latest whole run.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Figure } from './part.ts';

export interface Report {
  readonly part: string;
  readonly figures: readonly Figure[];
}

/** What a run was. */
export interface About {
  readonly version: string;
  /** As `2026-01-31`. */
  readonly day: string;
  readonly cores: number;
  readonly node: string;
  readonly seed: number;
  readonly tookMinutes: number;
}

export const PAGE = new URL('../docs/guarantees.md', import.meta.url);
const [BEGIN, END] = ['<!-- figures: begin -->', '<!-- figures: end -->'];

/** For a terminal. */
export function asText(reports: readonly Report[]): string {
  return reports.map(({ part, figures }) => `\n${part}\n${figures.map(lineOf).join('\n')}`).join('\n');
}

function lineOf({ what, reached, asked, ok }: Figure): string {
  return `  ${ok ? '✓' : '✗'} ${what.padEnd(52)} ${reached}${asked === undefined ? '' : ` (asked: ${asked})`}`;
}

export function asMarkdown(reports: readonly Report[], { version, day, cores, node, seed, tookMinutes }: About): string {
  const rows = reports.flatMap(({ part, figures }) => figures.map(({ what, reached, asked = '', ok }) => `| ${[part, what.trim(), reached, asked, ok ? '✓' : '✗'].map(cell).join(' | ')} |`));
  return [
    `Version ${version}, ${day}, ${tookMinutes.toFixed(1)} minutes on ${cores} cores, Node ${node}, seed ${seed}.`,
    '',
    '| part | what | reached | asked | |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The page with other figures. Throws when it has no place for them. */
export function withFigures(page: string, figures: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/guarantees.md has no lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${page.slice(end)}`;
}

export function writeFigures(figures: string): void {
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), figures));
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}
