// Power: cuts of the power and changed bits, against the real journal.
//
// Owns how many of what, and the figures. Images of recordings (images.ts), of a service under load
// (service-opener.ts) and damaged copies (flips.ts) are opened by crews of processes; whatever fails is told with the numbers that repeat it.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Budget, Figure, Part } from '../part.ts';
import { Crew, type Lost } from './crew.ts';
import type { Flushes } from './files.ts';
import { flipsOf, type FlipJob } from './flips.ts';
import { keepFolders, newFolder } from './folders.ts';
import { jobsOf, nameOf, type Recorded } from './images.ts';
import type { Job } from './opener.ts';
import type { Outcome } from './opening.ts';
import { record, recordAfterCut } from './record.ts';
import type { ServiceJob } from './service-opener.ts';
import { recordService, serviceJobsOf, type RecordedService } from './service-record.ts';
import { missingForShim } from './shim.ts';

const COMMITS = 120;
const IMAGES_PER_RECORDING = 400;
/** Of twelve minutes of all parts; a shorter run makes its part of them. */
const IMAGES = 2_000;
const FLIPS = 500;
const CONTROL_IMAGES = 60;
const SERVICE_ANSWERS = 150;
const SERVICE_IMAGES = 100;
const SERVICE_CONTROL_IMAGES = 16;
/** One mood in five keeps everything, flushed or not. */
const CONTROL_WHOLE_MAX = 0.8;

type Reply = (Outcome & { readonly damage?: string }) | Lost;
type Tally = Record<Reply['outcome'], number>;

function newTally(): Tally {
  return { right: 0, refused: 0, wrong: 0, died: 0, hung: 0 };
}

export class PowerTrial {
  readonly #crew: Crew<Job, Reply>;
  readonly #services: Crew<ServiceJob, Reply>;
  readonly failures: string[] = [];

  constructor(size = availableParallelism()) {
    const folder = newFolder('holdfast-images-');
    this.#crew = new Crew({ program: join(import.meta.dirname, 'opener.ts'), size, arguments: [folder] });
    this.#services = new Crew({ program: join(import.meta.dirname, 'service-opener.ts'), size, arguments: [folder] });
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

  /** As `images`, with the real service started on each and asked for what it had answered. */
  async services(recorded: RecordedService, count: number, flushes: Flushes = 'all'): Promise<Tally> {
    const tally = newTally();
    await this.#services.work(serviceJobsOf(recorded, count, flushes), (job, reply) => {
      tally[reply.outcome] += 1;
      if (flushes === 'all' && reply.outcome !== 'right') this.failures.push(`service seed ${recorded.seed} cut ${job.cut}: ${reply.outcome}: ${reply.said.slice(0, 2_000)}`);
      return false;
    });
    return tally;
  }

  /**
   * A damaged file is refused, or holds exactly what it held and goes on so. A process that dies of it at the opening has
   * served nothing; one that dies later has.
   */
  async flips(recorded: Recorded, last: number, count: number): Promise<Tally> {
    const tally = newTally();
    const died: FlipJob[] = [];
    const judge = (job: FlipJob, reply: Reply): void => {
      if (reply.outcome === 'died' && job.goesOn) return void died.push(job);
      tally[reply.outcome] += 1;
      if (reply.outcome === 'wrong' || reply.outcome === 'hung') this.failures.push(`${nameOfFlip(job, reply)}: ${reply.outcome}: ${reply.said}`);
    };
    await this.#flip([...flipsOf(recorded, last, count)], judge);
    await this.#flip(died.map((job) => ({ ...job, goesOn: false })), (job, reply) => {
      judge(job, reply);
      if (reply.outcome === 'right') this.failures.push(`${nameOfFlip(job, reply)}: it was opened, and the process died when it went on`);
    });
    return tally;
  }

  async #flip(jobs: readonly FlipJob[], judge: (job: FlipJob, reply: Reply) => void): Promise<void> {
    await this.#crew.work(jobs, (job, reply) => {
      if (job.kind === 'flip') judge(job, reply);
      return false;
    });
  }
}

function nameOfFlip({ recorded, flip }: FlipJob, reply: Reply): string {
  return `seed ${recorded.seed} flip ${flip} (${'damage' in reply ? reply.damage : ''})`;
}

/** How many of each are made. */
interface Asked {
  readonly images: number;
  readonly flips: number;
  readonly services: number;
}

async function run({ whole, seed }: Budget, say: (progress: string) => void): Promise<readonly Figure[]> {
  const trial = new PowerTrial();
  const asked: Asked = { images: Math.ceil(IMAGES * whole), flips: Math.ceil(FLIPS * whole), services: Math.ceil(SERVICE_IMAGES * whole) };
  const first = await record(seed, COMMITS);
  const service = await recordService(seed, SERVICE_ANSWERS);
  const controls = [
    await trial.images(first, CONTROL_IMAGES, 'none'), await trial.images(first, CONTROL_IMAGES, 'all but of pages'),
    await trial.services(service, SERVICE_CONTROL_IMAGES, 'none'),
  ];
  const flips = await trial.flips(first, COMMITS, asked.flips);
  say(`${asked.flips} flips, ${trial.failures.length} failures`);
  const services = await trial.services(service, asked.services);
  say(`${services.right} images of a service whole, ${trial.failures.length} failures`);
  let images = 0;
  for (let round = 1; trial.failures.length === 0 && images < asked.images; round += 1) {
    const recorded = await (round % 3 === 0 ? recordAfterCut : record)(seed + round, COMMITS);
    images += (await trial.images(recorded, Math.min(IMAGES_PER_RECORDING, asked.images - images))).right;
    say(`${images} images whole, ${trial.failures.length} failures`);
  }
  for (const failure of trial.failures) console.error(failure);
  if (trial.failures.length > 0) console.error(keepFolders());
  return [...figures({ images, services, flips, failures: trial.failures.length }, asked), ...controlFigures(controls)];
}

function figures({ images, services, flips, failures }: { images: number; services: Tally; flips: Tally; failures: number }, asked: Asked): Figure[] {
  return [
    { what: 'power-cut images that held every acknowledged commit', reached: String(images), asked: String(asked.images), ok: images >= asked.images },
    { what: 'power-cut images of a service that kept its word', reached: String(services.right), asked: String(asked.services), ok: services.right === asked.services },
    {
      what: 'flipped files: refused, whole, ended the process', reached: `${flips.refused}, ${flips.right}, ${flips.died}`,
      asked: `${asked.flips} together`, ok: flips.refused + flips.right + flips.died === asked.flips,
    },
    { what: 'images and flips that did not do what they must', reached: String(failures), asked: '0', ok: failures === 0 },
  ];
}

/** A harness that sees no loss where nothing was flushed proves nothing. */
function controlFigures(controls: readonly Tally[]): Figure[] {
  return controls.map((tally, index) => {
    const all = Object.values(tally).reduce((sum, count) => sum + count, 0);
    const what = ['images without any flush', 'images without the flush of pages', 'images of a service without any flush'][index] ?? '';
    return { what: `controls: ${what} that lost something`, reached: `${all - tally.right} of ${all}`, asked: 'some', ok: tally.right < all * CONTROL_WHOLE_MAX };
  });
}

export const power: Part = { name: 'power', share: 7, missing: missingForShim, run };
