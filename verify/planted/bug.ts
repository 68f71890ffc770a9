// Bug: one mistake, kept as the text that makes it.
//
// Owns the shape, and putting the mistake into a source. Which mistakes there are stands in the lists beside this file.
//   B1. The text to be replaced stands in its source exactly once: a source that changed under a bug is found, never
//       passed over.

/** A mistake that somebody could make, and that the simulator's checkers have to see. */
export interface PlantedBug {
  /** In words that tell what goes wrong; also what it is asked for by. */
  readonly name: string;
  /** From the folder of the project. */
  readonly file: string;
  /** Stands in the file exactly once. (B1) */
  readonly before: string;
  readonly after: string;
  /** What a client, a task or a receiver could see of it. */
  readonly why: string;
}

/** The source no longer has the text that a bug replaces, or has it more than once. */
export class BugDoesNotFit extends Error {
  override readonly name = 'BugDoesNotFit';
}

/** The source with the bug in it. Throws `BugDoesNotFit`. (B1) */
export function plant(source: string, { name, file, before, after }: PlantedBug): string {
  const pieces = source.split(before);
  if (pieces.length !== 2) throw new BugDoesNotFit(`${name}: ${file} has its text ${pieces.length - 1} times: ${before}`);
  return pieces.join(after);
}
