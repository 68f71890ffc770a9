// Figures: what several rounds come to.
//
// Owns medians, percentiles, spreads and turns. Contestants run in turns, so that what else the machine does falls on all.

export const ROUNDS = 5;

export type Rounds = readonly number[];

/**
 * Runs each contestant once in every round, in the order given, and keeps what each tells, round by round. One that is
 * undefined is not there, and has no rounds.
 */
export async function inTurns<Told>(contestants: readonly ((() => Promise<Told>) | undefined)[], rounds = ROUNDS): Promise<Told[][]> {
  const found = contestants.map((): Told[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, run] of contestants.entries()) {
      if (run !== undefined) found[at]!.push(await run());
    }
  }
  return found;
}

export function median(numbers: Rounds): number {
  return percentile(numbers.toSorted((a, b) => a - b), 0.5);
}

/** Of sorted numbers; between two of them where the share falls between. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** Each round's own ratio. */
export function ratios(ours: Rounds, theirs: Rounds): number[] {
  return ours.map((value, round) => value / theirs[round]!);
}

/** How far the rounds lie apart, as a share of their median. */
export function spread(rounds: Rounds): number {
  return (Math.max(...rounds) - Math.min(...rounds)) / median(rounds);
}
