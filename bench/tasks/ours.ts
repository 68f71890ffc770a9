// Our pool, driven through its own interface as the machine drives it when chunks are quick: what a thread does next is in its
// hand already.

import { HAND_MAX } from '../../src/limits.ts';
import { createThreadPool } from '../../src/pool/pool.ts';
import type { TaskRunner } from '../../src/pool/runner.ts';
import type { RunOrder } from '../../src/state/effects.ts';
import type { WorkerReport } from '../../src/state/inputs.ts';

const CLOSE_MS = 5_000;

export class OurPool implements AsyncDisposable {
  readonly #runner: TaskRunner;
  readonly #workers: number;
  readonly #ready = Promise.withResolvers<void>();
  #started = 0;
  #round = Promise.withResolvers<void>();
  #order: RunOrder;
  readonly #given = new Map<number, number>();
  #items: Uint8Array;
  #unsent = 0;
  #unsettled = 0;

  constructor(workers: number, functionsDir: string) {
    this.#workers = workers;
    this.#items = Buffer.from('[]');
    this.#order = {
      batch: 'bat_bench', function: 'nothing', call: 'map', attempt: 1, payload: { id: 'bench', bytes: 0, checksum: 0 }, payloadFirst: 0, first: 0, end: 0,
    };
    this.#runner = createThreadPool({ functionsDir, report: (report) => this.#hear(report) });
    for (let worker = 1; worker <= workers; worker++) this.#runner.start(worker, undefined);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Runs `tasks` no-op tasks, so many to an order, and resolves when each has its result. */
  run(tasks: number, perOrder: number): Promise<void> {
    this.#order = { ...this.#order, end: perOrder };
    this.#items = Buffer.from(JSON.stringify(Array.from({ length: perOrder }, () => null)));
    this.#unsent = tasks;
    this.#unsettled = tasks;
    this.#round = Promise.withResolvers();
    for (let n = 0; n < HAND_MAX; n++) for (let worker = 1; worker <= this.#workers; worker++) this.#give(worker);
    return this.#round.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.close(CLOSE_MS);
  }

  #give(worker: number): void {
    if (this.#unsent === 0) return;
    this.#unsent -= this.#order.end;
    const number = (this.#given.get(worker) ?? 0) + 1;
    this.#given.set(worker, number);
    this.#runner.run(worker, { ...this.#order, number }, this.#items);
  }

  #hear(report: WorkerReport): void {
    if (report.kind === 'workerReady' && ++this.#started === this.#workers) this.#ready.resolve();
    if (report.kind === 'workerEnded') this.#round.reject(new Error(report.message));
    if (report.kind !== 'itemsSettled') return;
    const failed = report.results.find(({ error }) => error !== undefined);
    if (failed !== undefined) this.#round.reject(new Error(failed.error?.message));
    this.#unsettled -= report.results.length;
    if (this.#unsettled === 0) this.#round.resolve();
    for (const { index } of report.results) if (index === this.#order.end - 1) this.#give(report.worker);
  }
}
