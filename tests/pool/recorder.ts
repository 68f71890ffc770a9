// A pool, driven through its port, and a record of what it reported: waiting is for a report and never for a time.

import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createThreadPool } from '../../src/pool/pool.ts';
import type { TaskRunner } from '../../src/pool/runner.ts';
import type { RunOrder } from '../../src/state/effects.ts';
import type { ItemResult, WorkerReport } from '../../src/state/inputs.ts';
import type { Json } from '../../src/state/json.ts';

export const FUNCTIONS_DIR = fileURLToPath(new URL('functions', import.meta.url));

/** What was reported, each result by itself: how many of them come together is a matter of time. */
type Told = Exclude<WorkerReport, { readonly kind: 'itemsSettled' }> | ({ readonly kind: 'itemSettled'; readonly worker: number } & ItemResult);

export type ReportOf<Kind extends Told['kind']> = Extract<Told, { readonly kind: Kind }>;

interface Awaited {
  readonly matches: (report: Told) => boolean;
  readonly found: (report: Told) => void;
}

export class Recorder {
  readonly reports: Told[] = [];
  readonly #awaited = new Set<Awaited>();

  readonly report = (report: WorkerReport): void => {
    if (report.kind !== 'itemsSettled') return this.#tell(report);
    for (const result of report.results) this.#tell({ kind: 'itemSettled', worker: report.worker, ...result });
  };

  #tell(report: Told): void {
    this.reports.push(report);
    for (const one of this.#awaited) {
      if (!one.matches(report)) continue;
      this.#awaited.delete(one);
      one.found(report);
    }
  }

  /** The first report of the kind that also `matches`, made already or still to come. */
  seen<Kind extends Told['kind']>(kind: Kind, matches: (report: ReportOf<Kind>) => boolean = () => true): Promise<ReportOf<Kind>> {
    const isOfKind = (report: Told): report is ReportOf<Kind> => report.kind === kind;
    const isIt = (report: Told): report is ReportOf<Kind> => isOfKind(report) && matches(report);
    const made = this.reports.find(isIt);
    if (made !== undefined) return Promise.resolve(made);
    return new Promise((resolve) => {
      this.#awaited.add({ matches: isIt, found: (report) => { if (isIt(report)) resolve(report); } });
    });
  }

  all<Kind extends Told['kind']>(kind: Kind): ReportOf<Kind>[] {
    return this.reports.filter((report): report is ReportOf<Kind> => report.kind === kind);
  }
}

export interface Setup {
  readonly initializer?: { readonly function: string; readonly args: readonly Json[] };
  readonly globals?: { readonly [name: string]: Json };
}

/** One pool with threads numbered from 1. Closed when the test ends, or with what `atEnd` names (`afterAll`). */
export class Bench {
  readonly recorder = new Recorder();
  readonly pool: TaskRunner;
  #lastWorker = 0;
  #shared: Promise<number> | undefined;
  #outcomes = 0;

  constructor(functionsDir = FUNCTIONS_DIR, atEnd: (close: () => Promise<void>) => void = onTestFinished) {
    this.pool = createThreadPool({ functionsDir, report: this.recorder.report });
    atEnd(async () => { await this.pool.close(5_000); });
  }

  /** Starts a thread and waits until it has loaded the functions. */
  async started(setup?: Setup, batch = 'bat_setup'): Promise<number> {
    const worker = this.start(setup, batch);
    await this.recorder.seen('workerReady', (report) => report.worker === worker);
    return worker;
  }

  start(setup?: Setup, batch = 'bat_setup'): number {
    this.#lastWorker += 1;
    this.pool.start(this.#lastWorker, setup === undefined ? undefined : { batch, attempt: 1, text: bytes(setup) });
    return this.#lastWorker;
  }

  run(worker: number, name: string, items: readonly Json[], order: Partial<RunOrder> = {}): void {
    const text = bytes(items);
    this.pool.run(worker, { batch: 'bat_1', function: name, call: 'map', attempt: 1, payload: { id: 'bat_1/0', bytes: text.length, checksum: 0 }, payloadFirst: 0, first: 0, end: items.length, ...order }, text);
  }

  settled(worker: number, index = 0): Promise<ReportOf<'itemSettled'>> {
    return this.recorder.seen('itemSettled', (report) => report.worker === worker && report.index === index);
  }

  /** The running task has come to the point where it asks for the lock `begun`. */
  async begun(worker: number): Promise<void> {
    await this.recorder.seen('taskAcquire', (report) => report.worker === worker && report.lock === 'begun');
  }

  ended(worker: number): Promise<ReportOf<'workerEnded'>> {
    return this.recorder.seen('workerEnded', (report) => report.worker === worker);
  }

  /** Runs one item, after those before it, on the thread that this method keeps, and gives its result. */
  async outcome(name: string, item: Json, order: Partial<RunOrder> = {}): Promise<ReportOf<'itemSettled'>> {
    this.#shared ??= this.started();
    const worker = await this.#shared;
    const index = this.#outcomes;
    this.#outcomes += 1;
    this.run(worker, name, [item], { payloadFirst: index, first: index, end: index + 1, ...order });
    return this.settled(worker, index);
  }
}

function bytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
