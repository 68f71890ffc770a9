// Numbers: how values are written for people.

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
