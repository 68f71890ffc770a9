// Opener: a process that opens one image after another with the real journal, and says what came of each.
//
// Argument: a folder for the images.

import { tryFlip, type FlipJob } from './flips.ts';
import { Images, type ImageJob } from './images.ts';
import { lookAt, type Outcome, type Truth } from './opening.ts';
import { Workload } from './workload.ts';

/** A data directory as it is. */
export interface LookJob {
  readonly kind: 'look';
  readonly directory: string;
  readonly seed: number;
  readonly truth: Truth;
  readonly commits: number;
}

export type Job = ImageJob | FlipJob | LookJob;

const [, , folder = ''] = process.argv;
let images: { readonly of: string; readonly images: Images } | undefined;

function imagesOf({ recorded, flushes }: ImageJob): Images {
  const of = JSON.stringify([recorded, flushes]);
  if (images?.of !== of) images = { of, images: new Images(recorded, flushes) };
  return images.images;
}

function outcomeOf(job: Job): Promise<Outcome> {
  if (job.kind === 'image') return imagesOf(job).try(job, folder);
  if (job.kind === 'flip') return tryFlip(job, folder);
  return lookAt({ ...job, workload: new Workload(job.seed), mayLosePayloads: false });
}

process.on('message', (job: Job) => {
  void outcomeOf(job).then((outcome) => process.send?.(outcome));
});
