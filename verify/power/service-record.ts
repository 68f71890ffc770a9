// Service record: the real service below the shim, under a load, killed at its end.
//
// Owns the recording and what the clients were told. The place of each answer is where the recording has it: the service
// gave it to a socket then, and from then on it must be true whatever becomes of the power.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../../tests/service/child.ts';
import { Chance } from '../chance.ts';
import { FIRST_ADDRESS, LoadClient, type Call } from './clients.ts';
import { newFolder } from './folders.ts';
import { DATA } from './images.ts';
import type { Told } from './promises.ts';
import type { Flushes } from './files.ts';
import { readRecordings, type Entry } from './recording.ts';
import type { ServiceJob } from './service-opener.ts';
import { watching } from './shim.ts';

export const FUNCTIONS_DIR = join(import.meta.dirname, '../../tests/service/functions');
const CLIENTS = 5;

export interface RecordedService {
  readonly root: string;
  readonly recordings: readonly string[];
  readonly seed: number;
  /** By client. */
  readonly calls: readonly (readonly Call[])[];
}

/** Records a service from its first start through about `answers` answers. */
export async function recordService(seed: number, answers: number): Promise<RecordedService> {
  const folder = newFolder('holdfast-service-');
  const root = join(folder, 'root');
  mkdirSync(root);
  const recording = join(folder, 'recording');
  const service = new Child({
    HOLDFAST_PORT: '0', HOLDFAST_DATA_DIR: join(root, DATA), HOLDFAST_FUNCTIONS_DIR: FUNCTIONS_DIR, HOLDFAST_WORKERS: '2',
    ...watching({ root, recording }),
  });
  const address = await service.ready();
  if (address === undefined) throw new Error(`the service did not start:\n${service.output}`);
  const chance = new Chance(seed);
  const clients = Array.from({ length: CLIENTS }, (_, index) => new LoadClient(address, index + 1, chance.fork()));
  await Promise.all(clients.map(async (client) => {
    while (client.calls.length < answers / CLIENTS && await client.step());
  }));
  service.signal('SIGKILL');
  await service.exited;
  await Promise.all(clients.map((client) => client.close()));
  return { root, recordings: [recording], seed, calls: clients.map(({ calls }) => calls) };
}

/** Jobs spread evenly over the cuts of a recording. */
export function* serviceJobsOf(recorded: RecordedService, images: number, flushes: Flushes): Generator<ServiceJob> {
  const cuts = readRecordings(recorded.recordings).length;
  const chance = new Chance(recorded.seed);
  for (let i = 0; i < images; i += 1) yield { recorded, cut: Math.floor(((i + chance.next()) * cuts) / images), flushes };
}

const RESPONSE = Buffer.from('HTTP/1.1 ');

/** How many answers each client had been given when the power went before entry `cut`. */
export function toldAt(entries: readonly Entry[], cut: number, calls: RecordedService['calls']): Told[] {
  const answers = calls.map(() => 0);
  for (const { kind, number, data } of entries.slice(0, cut)) {
    const client = number - FIRST_ADDRESS - 1;
    if (kind === 'answer' && data.subarray(0, RESPONSE.length).equals(RESPONSE)) answers[client] = (answers[client] ?? 0) + 1;
  }
  return calls.map((list, client) => ({ calls: list, answers: answers[client] ?? 0 }));
}
