// Report: what a run has found so far.
//
// Owns the collection, and a line on the console as each thing is found. Does not own how results are written
// (results.ts).

import { median } from '../figures.ts';
import { AIMED, type Aimed, type Figure, type FigureId, type Reading, type Side } from './figures.ts';
import { ceilingText, shown } from './numbers.ts';

export class Report {
  readonly figures = new Map<FigureId, Figure>();
  readonly readings: Reading[] = [];
  /** Why figures are not there. */
  readonly missing: { readonly what: string; readonly why: string }[] = [];
  readonly seconds = new Map<string, number>();

  figure(id: FigureId, figure: Figure): void {
    const { name, unit, reach, aim }: Aimed = AIMED[id];
    this.figures.set(id, figure);
    console.log(`  ${name}: ${shown(median(figure.rounds), unit)} (reach ${reach}, aim ${aim})`);
    for (const side of figure.sides) print(side);
    if (figure.note !== undefined) console.log(`      ${figure.note}`);
    if (figure.ceiling !== undefined) console.log(`      ${ceilingText(AIMED[id], figure)}`);
  }

  /** What is read beside the figures. */
  reading(scenario: string, ...sides: readonly Side[]): void {
    for (const side of sides) {
      this.readings.push({ scenario, side });
      print(side);
    }
  }

  skip(what: string, why: string): void {
    this.missing.push({ what, why });
    console.log(`  left out: ${what}: ${why}`);
  }
}

function print({ name, unit, rounds }: Side): void {
  console.log(`      ${name}: ${shown(median(rounds), unit)}`);
}
