// Opener: a process that opens one image after another with the real journal, and says what came of each.
//
// Argument: a folder for the images.

import { tryFlip, type FlipJob } from './flips.ts';
import { Images, type ImageJob } from './images.ts';

export type Job = ImageJob | FlipJob;

const [, , folder = ''] = process.argv;
let images: { readonly of: string; readonly images: Images } | undefined;

function imagesOf({ recorded, flushes }: ImageJob): Images {
  const of = JSON.stringify([recorded, flushes]);
  if (images?.of !== of) images = { of, images: new Images(recorded, flushes) };
  return images.images;
}

process.on('message', (job: Job) => {
  const trying = job.kind === 'image' ? imagesOf(job).try(job, folder) : tryFlip(job, folder);
  void trying.then((outcome) => process.send?.(outcome));
});
