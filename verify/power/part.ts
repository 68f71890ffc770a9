// Power: cuts of the power and changed bits, against the real journal.
//
// Owns how many of what, and the figures. Images of recordings (images.ts), of a service under load (service.ts) and
// damaged copies (flips.ts) are opened by crews of processes; whatever fails is told with the numbers that repeat it.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Budget, Figure, Part } from '../part.ts';
import { Crew, type Lost } from './crew.ts';
import type { Flushes } from './files.ts';
import { flipsOf } from './flips.ts';
import { newFolder } from './folders.ts';
import { jobsOf, nameOf, type Recorded } from './images.ts';
import type { Job } from './opener.ts';
import type { Outcome } from './opening.ts';
import { record } from './record.ts';
import { missingForShim } from './shim.ts';

const COMMITS = 120;
const IMAGES_PER_RECORDING = 400;
const IMAGES = 2_000;
const FLIPS = 500;
const CONTROL_IMAGES = 60;

type Reply = (Outcome & { readonly damage?: string }) | Lost;
export type Tally = Record<Reply['outcome'], number>;

export function newTally(): Tally {
  return { right: 0, refused: 0, wrong: 0, died: 0, hung: 0 };
}

export class PowerTrial {
  readonly #crew: Crew<Job, Reply>;
  readonly failures: string[] = [];

  constructor(size = availableParallelism()) {
    this.#crew = new Crew({ program: join(import.meta.dirname, 'opener.ts'), size, arguments: [newFolder('holdfast-images-')] });
  }

  /** Every image must open and hold what was acknowledged. With `flushes` other than all it is a control, which must fail. */
  async images(recorded: Recorded, count: number, flushes: Flushes = 'all'): Promise<Tally> {
    const tally = newTally();
    await this.#crew.work(jobsOf(recorded, count, flushes), (job, reply) => {
      tally[reply.outcome] += 1;
      if (flushes === 'all' && reply.outcome !== 'right' && job.kind === 'image') this.failures.push(`${nameOf(job)}: ${reply.outcome}: ${reply.said}`);
      return false;
    });
    return tally;
  }

  /** A damaged file is refused, or holds exactly what it held; a process that dies of it has served nothing. */
  async flips(recorded: Recorded, last: number, count: number, goesOn: boolean): Promise<Tally> {
    const tally = newTally();
    const jobs = [...flipsOf(recorded, last, count)].map((job) => ({ ...job, goesOn }));
    await this.#crew.work(jobs, (job, reply) => {
      tally[reply.outcome] += 1;
      if (reply.outcome === 'wrong' || reply.outcome === 'hung') {
        this.failures.push(`seed ${recorded.seed} flip ${job.kind === 'flip' ? job.flip : ''} (${'damage' in reply ? reply.damage : ''}): ${reply.outcome}: ${reply.said}`);
      }
      return false;
    });
    return tally;
  }
}

async function run({ seconds, seed }: Budget, say: (progress: string) => void): Promise<readonly Figure[]> {
  const trial = new PowerTrial();
  const until = performance.now() + seconds * 1_000;
  const first = await record(seed, COMMITS);
  const controls = [await trial.images(first, CONTROL_IMAGES, 'none'), await trial.images(first, CONTROL_IMAGES, 'all but of pages')];
  const flips = await trial.flips(first, COMMITS, FLIPS, true);
  say(`${FLIPS} flips`);
  let images = 0;
  for (let round = 1; images < IMAGES || performance.now() < until; round += 1) {
    images += (await trial.images(await record(seed + round, COMMITS), IMAGES_PER_RECORDING)).right;
    say(`${images} images whole, ${trial.failures.length} failures`);
    if (trial.failures.length > 0) break;
  }
  for (const failure of trial.failures) console.error(failure);
  return figures({ images, flips, controls, failures: trial.failures.length });
}

function figures({ images, flips, controls, failures }: { images: number; flips: Tally; controls: readonly Tally[]; failures: number }): Figure[] {
  const lost = controls.map(({ right }) => CONTROL_IMAGES - right);
  const flipped = FLIPS - flips.wrong - flips.hung;
  return [
    { what: 'power-cut images that held every acknowledged commit', reached: String(images), asked: `at least ${IMAGES}`, ok: images >= IMAGES },
    { what: 'images or flips that did not do what they must', reached: String(failures), asked: '0', ok: failures === 0 },
    {
      what: 'flipped files: refused, whole, ended the process', reached: `${flips.refused}, ${flips.right}, ${flips.died}`,
      asked: `${FLIPS} together`, ok: flipped === FLIPS,
    },
    { what: 'controls: images lost without any flush', reached: `${lost[0]} of ${CONTROL_IMAGES}`, asked: 'most', ok: (lost[0] ?? 0) > CONTROL_IMAGES / 2 },
    { what: 'controls: images lost without the flush of pages', reached: `${lost[1]} of ${CONTROL_IMAGES}`, asked: 'most', ok: (lost[1] ?? 0) > CONTROL_IMAGES / 2 },
  ];
}

export const power: Part = { name: 'power', share: 2, missing: missingForShim, run };
