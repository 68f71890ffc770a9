// Images: which cuts of a recording are tried, and one image of one of them, opened.
//
// Owns the marks of the committer and the numbers from which an image can be built again.

import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Chance } from '../chance.ts';
import { Disk, MOODS, type Flushes, type Mood } from './files.ts';
import { lookAt, type Outcome, type Truth } from './opening.ts';
import { readRecordings, type Entry } from './recording.ts';
import { Workload } from './workload.ts';

/** Where a recording of the committer stands, and the seed of its workload. */
export interface Recorded {
  readonly root: string;
  readonly recordings: readonly string[];
  readonly seed: number;
  /** An earlier image that the recorded process began with, and what that had to hold; it began with nothing without it. */
  readonly base?: { readonly folder: string; readonly truth: Truth };
}

const NOTHING_YET: Truth = { acknowledged: 0, begun: 0 };
/** The data directory below the root of a recording. */
export const DATA = 'data';
/** One image in so many goes on with commits and is opened again. */
const GOES_ON = 8;
const COMMITS = 4;

export interface ImageJob {
  readonly kind: 'image';
  readonly recorded: Recorded;
  /** The power goes before this entry. */
  readonly cut: number;
  readonly variant: number;
  readonly flushes: Flushes;
}

/** What stands for one image wherever it is told. */
export function nameOf({ recorded, cut, variant }: ImageJob): string {
  return `seed ${recorded.seed} cut ${cut} variant ${variant}`;
}

/** Rebuilds images of one recording; cuts that rise are cheapest. */
export class Images {
  readonly #entries: readonly Entry[];
  readonly #recorded: Recorded;
  readonly #workload: Workload;
  readonly #flushes: Flushes;
  #disk: Disk;
  #taken = 0;
  #truth: Truth;

  constructor(recorded: Recorded, flushes: Flushes) {
    this.#recorded = recorded;
    this.#flushes = flushes;
    this.#entries = readRecordings(recorded.recordings);
    this.#workload = new Workload(recorded.seed);
    this.#disk = new Disk(recorded.root, flushes, recorded.base?.folder);
    this.#truth = recorded.base?.truth ?? NOTHING_YET;
  }

  get cuts(): number {
    return this.#entries.length + 1;
  }

  /** Builds the image of a cut into a folder that is not there yet, and says what it must hold. */
  build(cut: number, folder: string, chance: Chance, mood: Mood): Truth {
    this.#goTo(cut);
    this.#disk.build(folder, chance, mood);
    if (chance.bool(0.5)) this.#shareMemory(folder);
    return this.#truth;
  }

  /** Builds the image below `folder`, opens it and, unless it failed, removes it. */
  async try(job: ImageJob, folder: string): Promise<Outcome & { readonly mood: Mood }> {
    const chance = new Chance(job.recorded.seed * 1_000_003 + job.cut * 101 + job.variant);
    const mood = chance.pick(MOODS);
    const image = join(folder, `${job.cut}-${job.variant}-${job.flushes === 'all' ? '' : 'control'}`);
    const truth = this.build(job.cut, image, chance, mood);
    const commits = chance.int(1, GOES_ON) === 1 ? COMMITS : 0;
    const outcome = await lookAt({ directory: join(image, DATA), workload: this.#workload, truth, commits, mayLosePayloads: false });
    if (outcome.outcome === 'right' || job.flushes !== 'all') rmSync(image, { recursive: true, force: true });
    return { ...outcome, mood };
  }

  /** LMDB's lock file is written through memory, which is not recorded: here it survives as it was at the end. */
  #shareMemory(image: string): void {
    const file = join(DATA, 'journal', 'lock.mdb');
    if (existsSync(join(image, file))) copyFileSync(join(this.#recorded.root, file), join(image, file));
  }

  #goTo(cut: number): void {
    if (cut < this.#taken) {
      this.#disk = new Disk(this.#recorded.root, this.#flushes, this.#recorded.base?.folder);
      this.#truth = this.#recorded.base?.truth ?? NOTHING_YET;
      this.#taken = 0;
    }
    for (; this.#taken < cut; this.#taken += 1) {
      const entry = this.#entries[this.#taken];
      if (entry === undefined) throw new RangeError(`there is no cut ${cut}`);
      this.#disk.take(entry);
      if (entry.kind === 'mark') this.#mark(entry.data.toString());
    }
  }

  #mark(text: string): void {
    const [word, n] = text.split(' ');
    this.#truth = { ...this.#truth, [word === 'done' ? 'acknowledged' : 'begun']: Number(n) };
  }
}

/** `images` jobs, spread evenly over the cuts of a recording, in rising order. */
export function* jobsOf(recorded: Recorded, images: number, flushes: Flushes): Generator<ImageJob> {
  const cuts = readRecordings(recorded.recordings).length + 1;
  const chance = new Chance(recorded.seed);
  for (let i = 0; i < images; i += 1) {
    const cut = Math.min(cuts - 1, Math.floor(((i + chance.next()) * cuts) / images));
    yield { kind: 'image', recorded, cut, variant: i, flushes };
  }
}
