// Flips: damage to a copy of a real journal file, and what the journal makes of it.
//
// Owns which bytes are damaged and how. What may come of it: a refusal with words, exactly the right state, or an end of
// the process at the opening (LMDB trusts its file), with nothing served. Never another state, never a process that hangs.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chance } from '../chance.ts';
import { DATA, type Recorded } from './images.ts';
import { lookAt, type Outcome } from './opening.ts';
import { Workload } from './workload.ts';

const FILE = join('journal', 'data.mdb');
const PAGE_BYTES = 4_096;
const META_BYTES = 168;
const HEADER_BYTES = 24;
const COMMITS = 12;

export interface FlipJob {
  readonly kind: 'flip';
  readonly recorded: Recorded;
  /** The last commit, after which the journal was closed. */
  readonly last: number;
  readonly flip: number;
  /** Goes on with commits when it opens, and opens again: damage may show only then. */
  readonly goesOn: boolean;
}

export function* flipsOf(recorded: Recorded, last: number, flips: number): Generator<FlipJob> {
  for (let flip = 0; flip < flips; flip += 1) yield { kind: 'flip', recorded, last, flip, goesOn: true };
}

/** Working it out again for each flip would cost more than the flip. */
const workloads = new Map<number, Workload>();

function workloadOf(seed: number): Workload {
  const workload = workloads.get(seed) ?? new Workload(seed);
  workloads.set(seed, workload);
  return workload;
}

/** Damages a copy below `folder`, opens it and removes it. */
export async function tryFlip({ recorded, last, flip, goesOn }: FlipJob, folder: string): Promise<Outcome & { readonly damage: string }> {
  const directory = join(folder, `flip-${flip}-${goesOn}`);
  cpSync(join(recorded.root, DATA), directory, { recursive: true });
  const bytes = readFileSync(join(directory, FILE));
  const damage = damageTo(bytes, new Chance(recorded.seed * 1_000_003 + flip));
  writeFileSync(join(directory, FILE), bytes);
  const truth = { acknowledged: last, begun: last };
  const outcome = await lookAt({ directory, workload: workloadOf(recorded.seed), truth, commits: goesOn ? COMMITS : 0, mayLosePayloads: true });
  rmSync(directory, { recursive: true, force: true });
  return { ...outcome, damage };
}

/** Changes the bytes in place and says where. */
export function damageTo(bytes: Buffer, chance: Chance): string {
  const at = chance.pick([placeInMeta, placeInHeader, placeAnywhere, placeAnywhere])(bytes, chance);
  if (chance.bool(0.1)) {
    bytes.fill(chance.pick([0, 255]), at, at + 512);
    return `512 bytes from ${at} overwritten`;
  }
  const bit = chance.int(0, 7);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
  return `bit ${bit} of byte ${at % PAGE_BYTES} of page ${Math.floor(at / PAGE_BYTES)}`;
}

function placeInMeta(_bytes: Buffer, chance: Chance): number {
  return chance.int(0, 1) * PAGE_BYTES + chance.int(0, META_BYTES - 1);
}

function placeInHeader(bytes: Buffer, chance: Chance): number {
  return chance.int(0, bytes.length / PAGE_BYTES - 1) * PAGE_BYTES + chance.int(0, HEADER_BYTES - 1);
}

function placeAnywhere(bytes: Buffer, chance: Chance): number {
  return chance.int(0, bytes.length - 1);
}
