// Service opener: a process that starts the real service on one image after another, and asks it over HTTP for
// everything that it had acknowledged.
//
// Argument: a folder for the images.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { startService } from '../../src/service.ts';
import { Chance } from '../chance.ts';
import { Disk, MOODS, type Flushes } from './files.ts';
import { DATA } from './images.ts';
import type { Outcome } from './opening.ts';
import { brokenBy } from './promises.ts';
import { readRecordings, type Entry } from './recording.ts';
import { FUNCTIONS_DIR, toldAt, type RecordedService } from './service-record.ts';

export interface ServiceJob {
  readonly recorded: RecordedService;
  /** The power goes before this entry. */
  readonly cut: number;
  readonly flushes: Flushes;
}

const [, , folder = ''] = process.argv;
let known: { readonly of: string; readonly entries: readonly Entry[] } | undefined;

function entriesOf({ recordings }: RecordedService): readonly Entry[] {
  const of = recordings.join();
  if (known?.of !== of) known = { of, entries: readRecordings(recordings) };
  return known.entries;
}

async function tryImage({ recorded, cut, flushes }: ServiceJob): Promise<Outcome> {
  const entries = entriesOf(recorded);
  const disk = new Disk(recorded.root, flushes);
  for (const entry of entries.slice(0, cut)) disk.take(entry);
  const chance = new Chance(recorded.seed * 1_000_003 + cut);
  // Two jobs of a crew may have drawn one cut.
  const image = join(folder, `service-${cut}-${process.pid}`);
  disk.build(image, chance, chance.pick(MOODS));
  const told = toldAt(entries, cut, recorded.calls);
  try {
    const broken = await asked(join(image, DATA), told);
    return { outcome: broken.length === 0 ? 'right' : 'wrong', said: broken.join('; ') };
  } catch (error) {
    return { outcome: 'refused', said: String(error) };
  } finally {
    rmSync(image, { recursive: true, force: true });
  }
}

function failed(error: unknown): never {
  throw new Error('a commit failed', { cause: error });
}

async function asked(directory: string, told: ReturnType<typeof toldAt>): Promise<string[]> {
  const config = readConfig({
    HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: directory, HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR, HOLDFAST_WORKERS: '1', HOLDFAST_SHUTDOWN_GRACE_MS: '0',
  });
  const service = await startService({ config, version: 'verify', logger: pino({ level: 'silent' }), failed });
  const broken = await brokenBy(service.address, told);
  await service.stop();
  return broken;
}

process.on('message', (job: ServiceJob) => {
  void tryImage(job).then((outcome) => process.send?.(outcome));
});
