// Part: what the long verification is made of, and what each part says at its end.
//
// Owns the shapes only. Each folder beside this file is a part: it brings its own load, faults and checkers, and the
// slice of it that runs with the tests calls the same code for a few seconds.

/** One line of the summary. */
export interface Figure {
  readonly what: string;
  readonly reached: string;
  /** What the guarantees page promises for a run of twelve minutes on two cores; absent for a figure that is only told. */
  readonly asked?: string;
  /** False fails the whole run. */
  readonly ok: boolean;
}

export interface Budget {
  /** How long the part may take, in seconds. A part that has its figures earlier may end earlier. */
  readonly seconds: number;
  /** 1 for a run of twelve minutes, of which the figures are asked as they are; of a shorter one less is asked, of a longer one more. */
  readonly whole: number;
  /** Everything that a part draws is drawn from this number; what fails is told with the number that repeats it. */
  readonly seed: number;
}

export interface Part {
  readonly name: string;
  /** The part of the time that is left for it and those behind it. */
  readonly share: number;
  /**
   * Why this machine cannot run it, in one line, or `undefined` when it can.
   */
  missing(): string | undefined;
  /** Throws when what it verifies does not hold; `say` shows how far it is. */
  run(budget: Budget, say: (progress: string) => void): Promise<readonly Figure[]>;
}
