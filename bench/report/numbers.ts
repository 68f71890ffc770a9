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

/** What the figure could be at best, and how it compares with that in its own rounds; empty where nobody knows. */
export function ceilingText({ unit, better }: Aimed, { rounds, ceiling }: Figure): string {
  if (ceiling === undefined) return '';
  const times = median(rounds.map((value, round) => value / ceiling.rounds[round]!));
  const share = better === 'more' ? `of which ${Math.round(times * 100)} % were reached` : `of which it was ${times.toFixed(2)} times`;
  return `${ceiling.name} would give ${shown(median(ceiling.rounds), unit)}, ${share} (median of the rounds)`;
}
