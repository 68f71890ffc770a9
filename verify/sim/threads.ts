// Threads: a pool whose workers do what chance says.

import type { TaskRunner } from '../../src/pool/runner.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export class Threads implements TaskRunner {
  readonly #world: World;
  readonly #process: Process;
  #isGone = false;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  start(worker: number): void {
    this.#world.timeline.after(1 + this.#world.chance.next() * 50, () => {
      if (!this.#isGone) this.#process.post({ kind: 'workerReady', worker, functions: [], broken: [] });
    }, this.#process);
  }

  run(): void {}

  abort(): void {}

  end(): void {}

  answerLock(): void {}

  loseLock(): void {}

  /** The process ends: no thread is heard any more. */
  gone(): void {
    this.#isGone = true;
  }

  close(): Promise<number> {
    return Promise.resolve(0);
  }
}
