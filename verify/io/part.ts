// I/O errors: every call of the journal fails once, in every way, and the service dies of it in order.
//
// Owns which calls are tried with what, and the figures. The whole of an opening, commits and an end is tried with the
// real driver alone (journal-trial.ts); what happens under a load, with the real service (service-trial.ts).

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Chance } from '../chance.ts';
import type { Budget, Figure, Part } from '../part.ts';
import { Crew, type Lost } from '../power/crew.ts';
import { keepFolders, newFolder } from '../power/folders.ts';
import type { Job, LookJob } from '../power/opener.ts';
import type { Outcome } from '../power/opening.ts';
import { missingForShim } from '../power/shim.ts';
import { placeOf, sitesOf, type Site } from './calls.ts';
import { plainRuns, tryJournal, type Ending, type Fault, type PlainRuns, type Trial } from './journal-trial.ts';
import { tryService, tryServiceStart } from './service-trial.ts';

const FAULTS: readonly Fault[] = ['EIO', 'ENOSPC', 'DELAY=60'];
const SERVICE_FAULTS: readonly Fault[] = ['EIO', 'ENOSPC', 'DELAY=1000'];
/** What a commit does, and all that a service does once it has started. */
const COMMIT_CALLS = ['writev', 'pwrite', 'fdatasync', 'pwrite+flush'] as const;
const JOURNAL_FILE = '/data/journal/data.mdb';
const START_SITES: readonly Site[] = [
  { call: 'mkdir', path: '/data', nth: 1 },
  { call: 'fsync', path: '/data', nth: 1 },
  { call: 'rename', path: '/data/journal.new', nth: 1 },
  { call: 'fdatasync', path: JOURNAL_FILE, nth: 1 },
];

function isWrite({ call }: Site): boolean {
  return /^p?write/u.test(call);
}

export class IoTrial {
  readonly failures: string[] = [];
  readonly endings: Record<Ending, number> = { told: 0, killed: 0, done: 0 };
  /** Where LMDB ended the process. */
  readonly killedAt = new Set<string>();
  acknowledged = 0;
  readonly #folder = newFolder('holdfast-io-');
  readonly #seed: number;
  readonly #crew = new Crew<Job, Outcome | Lost>({ program: join(import.meta.dirname, '../power/opener.ts'), size: 1, arguments: [newFolder('holdfast-io-images-')] });
  #runs = 0;
  #plain: PlainRuns | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** All trials of the driver: one for each place and fault first, those of the same place after them. */
  async trials(): Promise<{ readonly first: readonly Trial[]; readonly rest: readonly Trial[] }> {
    this.#plain ??= await plainRuns(join(this.#folder, 'plain'), this.#seed);
    const { first, second } = this.#plain;
    const all = [...sitesOf(first).flatMap((site) => trialsOf(site, 'first')), ...sitesOf(second).flatMap((site) => trialsOf(site, 'second'))];
    const chosen = new Map<string, Trial>();
    for (const trial of shuffled(all, new Chance(this.#seed))) chosen.set(`${trial.start} ${placeOf(trial.site)} ${trial.fault}`, trial);
    const firstOfEach = new Set(chosen.values());
    return { first: [...firstOfEach], rest: shuffled(all.filter((trial) => !firstOfEach.has(trial)), new Chance(this.#seed)) };
  }

  async journal(trial: Trial): Promise<void> {
    this.#plain ??= await plainRuns(join(this.#folder, 'plain'), this.#seed);
    const ground = { folder: this.#next(), seed: this.#seed, afterFirst: this.#plain.afterFirst, look: (job: LookJob) => this.#crew.one(job) };
    const { ending, wrong } = await tryJournal(trial, ground);
    this.endings[ending] += 1;
    if (ending === 'killed') this.killedAt.add(`${trial.start} start: ${placeOf(trial.site)}`);
    if (wrong !== '') this.failures.push(`seed ${this.#seed}, ${trial.start} start, ${placeOf(trial.site)} ${trial.site.nth}, ${trial.fault}: ${wrong}`);
  }

  /** Under a load; `nth` from when the fault is armed. */
  async service(call: string, fault: Fault, nth: number): Promise<void> {
    const { acknowledged, wrong } = await tryService({ site: { call, path: JOURNAL_FILE, nth }, fault }, this.#next(), this.#seed + this.#runs);
    this.acknowledged += acknowledged;
    this.failures.push(...wrong.map((text) => `seed ${this.#seed}, service under load, ${call} ${nth}, ${fault}: ${text}`));
  }

  async serviceStart(site: Site): Promise<void> {
    const wrong = await tryServiceStart(site, this.#next());
    this.failures.push(...wrong.map((text) => `start of the service, ${placeOf(site)}: ${text}`));
  }

  /** Ends what looks at the journals. */
  close(): Promise<void> {
    return this.#crew.close();
  }

  #next(): string {
    this.#runs += 1;
    return join(this.#folder, String(this.#runs));
  }
}

function trialsOf(site: Site, start: Trial['start']): Trial[] {
  const faults = isWrite(site) ? [...FAULTS, 'SHORT' as const] : FAULTS;
  return faults.map((fault) => ({ site, fault, start }));
}

function shuffled<T>(list: readonly T[], chance: Chance): T[] {
  return list.map((item) => ({ item, at: chance.next() })).toSorted((one, other) => one.at - other.at).map(({ item }) => item);
}

/** Runs the jobs side by side, as many as there are processors, while time is left. */
async function inParallel(jobs: readonly (() => Promise<void>)[], until = Infinity): Promise<number> {
  const queue = jobs[Symbol.iterator]();
  let done = 0;
  const member = async (): Promise<void> => {
    while (performance.now() < until) {
      const next = queue.next();
      if (next.done === true) return;
      await next.value();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, member));
  return done;
}

async function run({ seconds, seed }: Budget, say: (progress: string) => void): Promise<readonly Figure[]> {
  const until = performance.now() + seconds * 1_000;
  const trial = new IoTrial(seed);
  const chance = new Chance(seed);
  const underLoad = COMMIT_CALLS.flatMap((call) => [...SERVICE_FAULTS, ...(call === 'fdatasync' ? [] : ['SHORT' as const])].map((fault) => ({ call, fault, nth: chance.int(1, 6) })));
  await inParallel([...underLoad.map(({ call, fault, nth }) => () => trial.service(call, fault, nth)), ...START_SITES.map((site) => () => trial.serviceStart(site))]);
  say(`${underLoad.length} services under load, ${START_SITES.length} starts, ${trial.failures.length} failures`);
  const { first, rest } = await trial.trials();
  await inParallel(first.map((one) => () => trial.journal(one)));
  say(`${first.length} calls of the journal alone, ${trial.failures.length} failures`);
  const more = await inParallel(rest.map((one) => () => trial.journal(one)), until);
  await trial.close();
  say(`LMDB ended the process at: ${[...trial.killedAt].toSorted().join(', ') || 'none'}`);
  for (const failure of trial.failures) console.error(failure);
  if (trial.failures.length > 0) console.error(keepFolders());
  return figures(trial, { first, more, underLoad: underLoad.length });
}

function figures(trial: IoTrial, { first, more, underLoad }: { first: readonly Trial[]; more: number; underLoad: number }): Figure[] {
  const { told, killed, done } = trial.endings;
  const places = new Set(first.map(({ start, site }) => `${start} ${placeOf(site)}`)).size;
  return [
    { what: 'journal calls (call, file, first or later start)', reached: `${places}, each with EIO, ENOSPC, a delay`, asked: 'every one', ok: places > 40 },
    { what: 'runs of the journal with one failed call', reached: String(first.length + more), ok: true },
    { what: '  ended in words, by a signal of LMDB, unharmed', reached: `${told}, ${killed}, ${done}`, ok: told > 0 },
    { what: 'services under load with one failed call', reached: `${underLoad}, ${trial.acknowledged} answers kept`, ok: trial.acknowledged > 0 },
    { what: 'what was lost, acknowledged too early or not said', reached: String(trial.failures.length), asked: '0', ok: trial.failures.length === 0 },
  ];
}

export const io: Part = { name: 'io', share: 3, missing: missingForShim, run };
