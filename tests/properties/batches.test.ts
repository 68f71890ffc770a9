// Batches: what became of each item, whichever threads ran it, in whatever order they came to it, and whoever died on the way.
//
// The world looks at the machine's invariants after every step.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOOM, codeOf, World, type Thread } from '../batches/world.ts';

/** What an item does each time it is run. */
const outcomes = fc.array(fc.boolean(), { maxLength: 40, size: 'max' });
const chunkSize = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined });
const RESTARTS_MAX = 2;
const workers = fc.integer({ min: 1, max: 4 });
const moves = fc.array(fc.record({ thread: fc.nat(7), does: fc.constantFrom('runs' as const, 'runs' as const, 'runs' as const, 'dies' as const, 'restarts' as const) }), { maxLength: 80, size: 'max' });

/** A world in which items end as their outcomes say, and which notes how often each has ended. */
class Run {
  readonly world: World;
  readonly ended = new Map<number, number>();
  readonly died = new Set<number>();
  readonly id: string;
  readonly #outcomes: readonly boolean[];
  #restarts = 0;

  constructor(count: number, does: readonly boolean[], size: number | undefined) {
    this.world = new World(count);
    this.#outcomes = does;
    this.id = this.world.submit({ items: does.map((_, index) => index), chunkSize: size }).id;
  }

  #threads(): readonly Thread[] {
    return [...this.world.threads.values()];
  }

  move(nth: number, does: 'runs' | 'dies' | 'restarts'): void {
    if (does === 'restarts') return this.#restart();
    const threads = this.#threads();
    const thread = threads[nth % threads.length];
    if (thread === undefined) return;
    if (does === 'dies' && thread.order !== undefined) {
      this.died.add(thread.item);
      this.#note(thread.item);
      this.world.end(thread);
    } else if (!thread.ready) this.world.ready(thread);
    else if (thread.order !== undefined) this.#finish(thread);
  }

  /** The third end of the process under one item would be the item's own. */
  #restart(): void {
    if (this.#restarts === RESTARTS_MAX) return;
    this.#restarts += 1;
    this.world.restart(1);
  }

  #finish(thread: Thread): void {
    this.#note(thread.item);
    this.world.finish(thread, this.#outcomes[thread.item] === true ? { value: String(thread.item) } : { error: BOOM });
  }

  #note(item: number): void {
    this.ended.set(item, (this.ended.get(item) ?? 0) + 1);
  }

  toTheEnd(): void {
    for (let turn = 0; this.world.batch(this.id).endedAt === undefined && turn < 1_000; turn += 1) {
      this.world.pass(1_000);
      for (const thread of this.#threads()) {
        if (thread.toldToEnd) this.world.end(thread);
        else if (!thread.ready) this.world.ready(thread);
        else if (thread.order !== undefined) this.#finish(thread);
      }
    }
  }
}

describe('a batch', () => {
  test('ends with one result for every item, its own, in the items\' order, though threads die and the service restarts', () => {
    fc.assert(fc.property(workers, outcomes, chunkSize, moves, (count, does, size, way) => {
      const run = new Run(count, does, size);
      for (const { thread, does: what } of way) run.move(thread, what);
      run.toTheEnd();
      expect(run.world.results(run.id)).toEqual(does.map((isWell, index) => `${index}:${run.died.has(index) ? 'worker_lost' : isWell ? 'succeeded' : 'error'}`));
      expect([...run.ended.values()].every((times) => times === 1)).toBe(true);
      const { counts, state } = run.world.batch(run.id);
      expect([counts.total, counts.pending, counts.running]).toEqual([does.length, 0, 0]);
      expect(state).toBe(counts.failed > 0 ? 'failed' : 'succeeded');
    }), { numRuns: 60 });
  });

  test('that is cancelled begins nothing more, and keeps what had ended', () => {
    fc.assert(fc.property(workers, outcomes, chunkSize, fc.array(fc.nat(7), { maxLength: 40 }), (count, does, size, before) => {
      const run = new Run(count, does, size);
      for (const thread of before) run.move(thread, 'runs');
      const kept = run.world.results(run.id).filter((result) => /succeeded|error/u.test(result));
      const begun = new Set(run.world.running());
      run.world.ask({ kind: 'cancelBatch', batch: run.id });
      for (let turn = 0; turn < 30; turn += 1) {
        expect(run.world.running().filter((item) => !begun.has(item))).toEqual([]);
        run.world.pass(1_000);
        run.world.endTold();
        run.world.allReady();
      }
      const results = run.world.results(run.id);
      expect(kept.filter((result) => !results.includes(result))).toEqual([]);
      expect(results.filter((result) => /pending|running/u.test(result))).toEqual([]);
    }), { numRuns: 60 });
  });

  test('that comes again with its key is the one that there is, whatever became of it meanwhile', () => {
    fc.assert(fc.property(workers, outcomes, moves, (count, does, way) => {
      const run = new Run(count, does, undefined);
      const key = { id: 'k', fingerprint: 'f' };
      const first = run.world.submit({ id: 'bat_first', items: [1, 2, 3] }, { key });
      expect(codeOf(run.world.answerTo(first.request))).toBe('batch');
      for (const { thread, does: what } of way) {
        if (what !== 'dies') run.move(thread, what);
        const again = run.world.answerTo(run.world.submit({ items: [1, 2, 3] }, { key }).request);
        expect(again?.kind === 'batch' ? again.view.batch.id : codeOf(again)).toBe('bat_first');
      }
      expect(run.world.state.batches.size).toBe(2);
    }), { numRuns: 20 });
  });
});
