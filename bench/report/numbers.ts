// Numbers: how values are written for people.

import { median } from '../figures.ts';
import type { Aimed, Figure } from './figures.ts';

const DIGITS = 3;

/** Three digits that count, whole numbers from 100 on, with the unit where there is one. */
export function shown(value: number, unit: string): string {
  const text = Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(DIGITS)));
  return unit === '' ? text : `${text} ${unit}`;
}

/** From the lowest round to the highest. */
export function range(rounds: readonly number[]): string {
  return rounds.length < 2 ? '' : `${shown(Math.min(...rounds), '')} to ${shown(Math.max(...rounds), '')}`;
}

/** What the figure could be at best, and which share of that it reached; empty where nobody knows. */
export function ceilingText({ unit, better }: Aimed, { rounds, ceiling }: Figure): string {
  if (ceiling === undefined) return '';
  const shares = rounds.map((value, round) => (better === 'more' ? value / ceiling.rounds[round]! : ceiling.rounds[round]! / value));
  const best = `${ceiling.name} would give ${shown(median(ceiling.rounds), unit)}`;
  return better === 'more' ? `${best}, of which ${Math.round(median(shares) * 100)} % were reached` : `${best}; it took ${shown(1 / median(shares), '')} times that`;
}
