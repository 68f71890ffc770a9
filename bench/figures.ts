// Figures: what several rounds of two contestants come to, and how they are printed.
//
// Owns medians and ratios. Both run in turns, so that what else the machine does falls on both.

const NAME_CHARS = 24;

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

export function printComparisons(comparisons: readonly Comparison[]): void {
  for (const { name, ours, theirs, beside } of comparisons) {
    const ratios = ours.map((value, round) => value / theirs[round]!);
    console.log(`\n${name}`);
    console.log(`  ${'Holdfast'.padEnd(NAME_CHARS)} ${withSpread(ours)}`);
    console.log(`  ${beside.padEnd(NAME_CHARS)} ${withSpread(theirs)}`);
    console.log(`  ${'ratio'.padEnd(NAME_CHARS)} ${median(ratios).toFixed(2)}, by round ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`);
  }
}

/** The median, and how far the rounds lie apart. */
function withSpread(numbers: readonly number[]): string {
  const spread = (Math.max(...numbers) - Math.min(...numbers)) / median(numbers);
  return `${Math.round(median(numbers))} per second (spread ${Math.round(100 * spread)} %)`;
}
