// Holdfast: the command as a test calls it, at a service of the test's.

import type { Service } from '../service/harness.ts';
import { Program } from '../../verify/command/program.ts';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The address of the service, as the command expects it in its environment. */
export function at({ client }: Service): { readonly HOLDFAST_URL: string } {
  return { HOLDFAST_URL: client.http.origin };
}

/** Runs the command to its end, with `input` as its standard input. */
export function holdfast(args: readonly string[], environment: Readonly<Record<string, string>>, input = ''): Promise<Finished> {
  const program = new Program(args, environment);
  program.process.stdin?.end(input);
  return program.finished();
}

/** An event, or a lock; the members that tests read. */
export interface Line {
  readonly event?: string;
  readonly name?: string;
  readonly state?: string;
}

/** What a command with `--json` printed, line by line. */
export function lines(text: string): readonly Line[] {
  return text.split('\n').filter((line) => line !== '').map((line): Line => JSON.parse(line));
}
