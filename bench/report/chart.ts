// Chart: the figures of a run as bars, each measured by its own reach.
//
// Owns the drawing. A bar that ends at the line has what was to be reached, whichever way the figure is better; the dark
// mark on its row is the aim, a light one what bounds the figure in the same run. The axis is logarithmic: half as good
// lies as far from the line as twice as good.

import { median } from '../figures.ts';
import { entries, type Aimed, type Figure } from './figures.ts';
import { shown } from './numbers.ts';
import type { Report } from './report.ts';

const ROW = 22;
const TOP = 46;
const LABEL = 560;
const WIDTH = 420;
const VALUE = 110;
/** What the axis shows, as shares of reach. */
const LOW = 0.25;
const HIGH = 8;
const TICKS = [0.25, 0.5, 1, 2, 4, 8];
const REACHED = '#2a9d8f';
const BELOW = '#e76f51';
const AIM = '#264653';
const CEILING = '#e9c46a';

export function chart({ figures }: Report): string {
  const height = TOP + figures.size * ROW + 16;
  const measured = entries().flatMap(([id, aimed]) => {
    const figure = figures.get(id);
    return figure === undefined ? [] : [{ aimed, figure }];
  });
  const bars = measured.map(({ aimed, figure }, index) => bar(aimed, figure, TOP + index * ROW));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LABEL + WIDTH + VALUE} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="14" fill="#222222">Share of what is to be reached (line), the aim (dark mark), what bounds it in this run (light mark); further right is better</text>`,
    ...TICKS.map((tick) => axis(tick, height)), ...bars, '</svg>', '',
  ].join('\n');
}

function axis(tick: number, height: number): string {
  const at = x(tick);
  const [colour, width] = tick === 1 ? ['#222222', 1.5] : ['#dddddd', 1];
  return `<line x1="${at}" y1="${TOP - 8}" x2="${at}" y2="${height - 12}" stroke="${colour}" stroke-width="${width}"/><text x="${at}" y="${TOP - 12}" text-anchor="middle" fill="#666666">${tick}</text>`;
}

function bar(aimed: Aimed, { rounds, ceiling }: Figure, y: number): string {
  const value = median(rounds);
  const share = shareOfReach(aimed, value);
  const [from, to] = [Math.min(x(1), x(share)), Math.max(x(1), x(share))];
  return [
    `<text x="${LABEL - 10}" y="${y + 14}" text-anchor="end" fill="#222222">${escaped(aimed.name)}</text>`,
    `<rect x="${from}" y="${y + 4}" width="${Math.max(1, to - from).toFixed(1)}" height="${ROW - 9}" fill="${share >= 1 ? REACHED : BELOW}"/>`,
    ...(ceiling === undefined ? [] : [mark(shareOfReach(aimed, median(ceiling.rounds)), y, CEILING)]),
    mark(shareOfReach(aimed, aimed.aim), y, AIM),
    `<text x="${LABEL + WIDTH + 10}" y="${y + 14}" fill="#222222">${escaped(shown(value, aimed.unit))}</text>`,
  ].join('');
}

function mark(share: number, y: number, colour: string): string {
  return `<line x1="${x(share)}" y1="${y + 2}" x2="${x(share)}" y2="${y + ROW - 3}" stroke="${colour}" stroke-width="2"/>`;
}

function shareOfReach({ reach, better }: Aimed, value: number): number {
  return better === 'more' ? value / reach : reach / value;
}

function x(share: number): number {
  const bounded = Math.min(HIGH, Math.max(LOW, share));
  return Number((LABEL + (WIDTH * Math.log(bounded / LOW)) / Math.log(HIGH / LOW)).toFixed(1));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
