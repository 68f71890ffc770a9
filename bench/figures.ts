// Figures: what several rounds of two contestants come to, and the table at the end.
//
// Owns medians and ratios. Both run in turns, so that what else the machine does falls on both.

export interface Comparison {
  readonly name: string;
  /** Per second, by round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly beside: string;
}

/** Runs both in turns and takes what each returns: something per second. */
export async function inTurns(rounds: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Pick<Comparison, 'ours' | 'theirs'>> {
  const found = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    found.ours.push(await ours());
    found.theirs.push(await theirs());
  }
  return found;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function printTable(comparisons: readonly Comparison[]): void {
  console.table(Object.fromEntries(comparisons.map(({ name, ours, theirs, beside }) => {
    const ratios = ours.map((value, round) => value / theirs[round]!);
    return [name, {
      'Holdfast /s': withSpread(ours), beside, 'beside /s': withSpread(theirs),
      ratio: median(ratios).toFixed(2), 'ratio by round': `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    }];
  })));
}

/** The median, and how far the rounds lie apart. */
function withSpread(numbers: readonly number[]): string {
  const spread = (Math.max(...numbers) - Math.min(...numbers)) / median(numbers);
  return `${Math.round(median(numbers))} (spread ${Math.round(100 * spread)} %)`;
}
