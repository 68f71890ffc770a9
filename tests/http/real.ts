// The edge over the real engine, with a journal whose commits a test can hold up.

import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { EngineLoop } from '../../src/engine.ts';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import { MemoryJournal } from '../../src/journal/memory.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';
import { State } from '../../src/state/state.ts';
import { serve, type Finishing, type Served } from './edge.ts';

/** Commits wait while it is held. */
class HeldJournal implements Journal {
  readonly #journal = new MemoryJournal();
  readonly opened = this.#journal.opened;
  /** How many were asked for. */
  commits = 0;
  #gate = Promise.withResolvers<void>();

  constructor() {
    this.#gate.resolve();
  }

  hold(): void {
    this.#gate = Promise.withResolvers<void>();
  }

  letGo(): void {
    this.#gate.resolve();
  }

  async commit(commit: Commit): Promise<void> {
    this.commits += 1;
    await this.#gate.promise;
    await this.#journal.commit(commit);
  }

  readPayload(ref: PayloadRef): Uint8Array {
    return this.#journal.readPayload(ref);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

export interface Real {
  readonly edge: Served;
  readonly engine: EngineLoop;
  readonly journal: HeldJournal;
}

export async function real(context: Finishing): Promise<Real> {
  const journal = new HeldJournal();
  const state = new State({ workers: 1, checksum: () => 0, tokenFloor: 0 });
  const engine = new EngineLoop({
    state, journal, clock: systemClock, perform: () => undefined, observer: { fact: () => undefined, committed: () => undefined }, failed: (error) => { throw error; },
  });
  await engine.start();
  engine.post({ kind: 'opened' });
  const edge = await serve(context, { parts: { engine } });
  context.onTestFinished(() => engine.close());
  return { edge, engine, journal };
}

/** Where a lock is acquired. */
export function path(lock: string): string {
  return `/v1/locks/${lock}/leases`;
}

/** Looks at the engine's state again and again until it is so; the loop turns by itself. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(2);
}
