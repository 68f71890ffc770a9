// Fuzz: many hostile inputs, many at a time, and every complaint about them.
//
// Owns the pace and the judgement of outcomes. Does not own what becomes of the state (witness.ts).

import { Chance } from '../chance.ts';
import type { Answer } from './answers.ts';
import { inputOf, type Input, type Stage } from './inputs.ts';
import { codeOf, complaint, type Oracle } from './oracle.ts';
import { sendAlone, sendCut, sendKept, type Outcome } from './sender.ts';

/** Inputs that one lane draws at a time; those that may share a connection do. */
const DRAWN = 32;
const LANES = 48;
const COMPLAINTS_MAX = 20;

export interface Fuzz {
  readonly port: number;
  readonly seed: number;
  readonly stage: Stage;
  readonly oracle: Oracle;
  /** No input is sent once there were this many malformed ones. */
  readonly inputsMax: number;
  /** Whether to go on: time is left, and the service lives. */
  readonly isOn: () => boolean;
}

export interface Tally {
  readonly inputs: number;
  /** Those that were no HTTP, no JSON or nothing that the schemas take. */
  readonly malformed: number;
  readonly answers: number;
  /** How often each code, or each status of an answer that is no problem, was given. */
  readonly given: ReadonlyMap<string, number>;
  /** The first complaints, each with what repeats it. */
  readonly complaints: readonly string[];
}

export async function fuzz({ port, seed, stage, oracle, inputsMax, isOn }: Fuzz): Promise<Tally> {
  const given = new Map<string, number>();
  const complaints: string[] = [];
  let drawn = 0;
  const counts = { inputs: 0, malformed: 0, answers: 0 };
  const judge = ({ input, answers: got, wrong }: Outcome): void => {
    counts.inputs += 1;
    if (input.isRight !== true) counts.malformed += 1;
    counts.answers += got.length;
    for (const answer of got) count(given, codeOf(answer) ?? String(answer.status));
    const why = wrong ?? got.map((answer) => complaint(oracle, answer)).find((found) => found !== undefined) ?? unexpected(input, got);
    if (why !== undefined && complaints.length < COMPLAINTS_MAX) complaints.push(`${why} (seed ${seed}, input ${input.nth}: ${input.kind}) ${shown(input.bytes)}`);
  };
  const lane = async (): Promise<void> => {
    while (isOn() && counts.malformed < inputsMax && complaints.length < COMPLAINTS_MAX) {
      const first = drawn;
      drawn += DRAWN;
      const next = Array.from({ length: DRAWN }, (_, nth) => inputOf(seed, first + nth, stage));
      for (const outcome of await send(port, next, new Chance(seed + first))) judge(outcome);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { ...counts, given, complaints };
}

async function send(port: number, inputs: readonly Input[], chance: Chance): Promise<readonly Outcome[]> {
  const outcomes = await Promise.all([
    sendKept(port, inputs.filter(({ conduct }) => conduct === 'kept')),
    ...inputs.filter(({ conduct }) => conduct === 'alone').map(async (input) => [await sendAlone(port, input, chance.fork())]),
    ...inputs.filter(({ conduct }) => conduct === 'cut').map(async (input) => [await sendCut(port, input, chance.fork())]),
  ]);
  return outcomes.flat();
}

/** An input that must be refused was not, or for something that is not wrong with it. */
export function unexpected({ codes }: Input, answers: readonly Answer[]): string | undefined {
  const [first] = answers;
  if (codes === undefined) return undefined;
  if (first === undefined) return `no answer instead of ${codes.join(' or ')}`;
  if (first.status === 503) return undefined;
  const code = codeOf(first) ?? String(first.status);
  return codes.includes(code) ? undefined : `${code} instead of ${codes.join(' or ')}: ${first.body.slice(0, 300)}`;
}

function count(given: Map<string, number>, what: string): void {
  given.set(what, (given.get(what) ?? 0) + 1);
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, 600));
}
