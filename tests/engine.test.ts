import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../src/clock.ts';
import { EngineLoop } from '../src/engine.ts';
import { MemoryJournal } from '../src/journal/memory.ts';
import type { Commit, Journal } from '../src/journal/journal.ts';
import { UNANSWERED_MAX } from '../src/limits.ts';
import { ask } from '../src/routes/ask.ts';
import type { Effect } from '../src/state/effects.ts';
import { State } from '../src/state/state.ts';

/** A clock in the hand: nothing happens until a test lets it. */
class HandClock implements Clock {
  time = 1_000;
  #soon: (() => void)[] = [];
  #timers: { at: number; run: () => void }[] = [];
  mono = (): number => this.time;
  wall = (): number => 1_700_000_000_000 + this.time;
  soon = (run: () => void): void => { this.#soon.push(run); };
  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.time + delayMs, run };
    this.#timers.push(timer);
    return () => { this.#timers = this.#timers.filter((other) => other !== timer); };
  };

  /** The loop takes in what has arrived. */
  turn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  pass(ms: number): void {
    this.time += ms;
    const due = this.#timers.filter(({ at }) => at <= this.time);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
    this.turn();
  }
}

/** A journal whose commits end when a test says so. */
class HeldJournal implements Journal {
  readonly commits: { commit: Commit; flush: () => void; fail: (error: Error) => void }[] = [];
  readonly opened = { now: 5_000, epoch: 1, rows: [], payloadOwners: new Set<string>() };
  commit(commit: Commit): Promise<void> {
    return new Promise((resolve, reject) => this.commits.push({ commit, flush: resolve, fail: reject }));
  }
  readPayload(): Uint8Array { throw new Error('no payloads here'); }
  async close(): Promise<void> {}
}

async function engineOn(journal: Journal, failed: (error: unknown) => void = () => {}) {
  const clock = new HandClock();
  const effects: Effect[] = [];
  const state = new State({ workers: 2, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
  const engine = new EngineLoop({
    state, journal, clock, failed,
    perform: (effect) => effects.push(effect),
    observer: { fact: () => {}, committed: () => {} },
  });
  const started = engine.start();
  if (journal instanceof HeldJournal) journal.commits[0]!.flush();
  await started;
  engine.post({ kind: 'opened' });
  clock.turn();
  return { engine, clock, effects };
}

const acquire = (lock: string, lease: string, ttlMs = 30_000) =>
  ({ kind: 'acquire', lock, lease, ttlMs, waitMs: 0, ticket: false }) as const;

const waiting = (lock: string, lease: string) => ({ ...acquire(lock, lease), waitMs: 10_000 });

/** Lets promises that are ready settle. */
const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await settle();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

/** The lock `a` was granted, and somebody waits for it. */
async function heldAndAwaited() {
  const journal = new HeldJournal();
  const { engine, clock } = await engineOn(journal);
  for (const lease of ['lse_1', 'lse_2']) void ask(engine, waiting('a', lease));
  clock.turn();
  journal.commits[1]!.flush();
  await settle();
  return { journal, engine, clock };
}

/** The lock `a` was granted, others came into its line, and a release by itself has been asked for. */
async function heldAndReleased(...others: string[]) {
  const journal = new HeldJournal();
  const { engine, clock } = await engineOn(journal);
  const asked = ['lse_1', ...others].map((lease) => ask(engine, waiting('a', lease)));
  clock.turn();
  journal.commits[1]!.flush();
  await asked[0];
  const released = ask(engine, { kind: 'release', lease: 'lse_1' });
  engine.hasten();
  return { journal, engine, clock, asked, released };
}

describe('the loop', () => {
  test('an answer leaves only when its group is flushed', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    const reply = ask(engine, acquire('a', 'lse_1'));
    clock.turn();
    expect(await isSettled(reply)).toBe(false);
    journal.commits[1]!.flush();
    expect(await reply).toMatchObject({ kind: 'lease', grant: 'sole' });
  });

  test('what arrives while a commit is in flight shares the next one, in order', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    const first = ask(engine, acquire('a', 'lse_1'));
    clock.turn();
    const rest = ['b', 'c', 'd'].map((lock) => ask(engine, acquire(lock, `lse_${lock}`)));
    clock.turn();
    expect(journal.commits).toHaveLength(2);
    journal.commits[1]!.flush();
    expect(await isSettled(first)).toBe(false);
    clock.turn();
    await first;
    expect(journal.commits[2]!.commit.rows.map(({ key }) => key)).toEqual(['lse_b', 'lse_c', 'lse_d']);
    expect(await isSettled(rest[0]!)).toBe(false);
    journal.commits[2]!.flush();
    await Promise.all(rest);
  });

  test('a read waits for the commit in flight and makes none of its own', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    void ask(engine, acquire('a', 'lse_1'));
    clock.turn();
    const read = ask(engine, { kind: 'showLock', name: 'a' });
    clock.turn();
    expect(await isSettled(read)).toBe(false);
    journal.commits[1]!.flush();
    expect(await read).toMatchObject({ kind: 'lock', lock: { name: 'a' } });
    expect(journal.commits).toHaveLength(2);
  });

  describe('a release by itself', () => {
    test('that somebody waits for is committed before the loop reads on, and what is read then comes with the next', async () => {
      const { journal, engine, clock, asked, released } = await heldAndReleased('lse_2');
      expect(journal.commits).toHaveLength(3);
      const read = ask(engine, acquire('b', 'lse_3'));
      clock.turn();
      expect(await isSettled(released)).toBe(false);
      journal.commits[2]!.flush();
      await settle();
      clock.turn();
      expect(await asked[1]).toMatchObject({ kind: 'lease', view: { lease: { state: 'held' } } });
      await released;
      expect(await isSettled(read)).toBe(false);
      expect(journal.commits[3]!.commit.rows.map(({ key }) => key)).toEqual(['lse_3']);
    });

    test('that nobody waits for shares the commit of its turn', async () => {
      const { journal, engine, clock } = await heldAndReleased();
      expect(journal.commits).toHaveLength(2);
      void ask(engine, acquire('b', 'lse_3'));
      clock.turn();
      expect(journal.commits[2]!.commit.rows.map(({ key }) => key)).toEqual(['lse_1', 'lse_3']);
    });

    test('waits for the commit in flight, and shares the next', async () => {
      const { journal, engine, clock } = await heldAndAwaited();
      void ask(engine, acquire('b', 'lse_3'));
      clock.turn();
      void ask(engine, { kind: 'release', lease: 'lse_1' });
      engine.hasten();
      void ask(engine, acquire('c', 'lse_4'));
      journal.commits[2]!.flush();
      await settle();
      clock.turn();
      expect(journal.commits[3]!.commit.rows.map(({ key }) => key)).toEqual(['lse_1', 'lse_2', 'lse_4']);
    });

    test('begins no second commit when it comes while answers leave', async () => {
      const { journal, engine, clock } = await heldAndAwaited();
      engine.submit(acquire('b', 'lse_3'), () => {
        void ask(engine, { kind: 'release', lease: 'lse_1' });
        engine.hasten();
        void ask(engine, acquire('c', 'lse_4'));
      });
      clock.turn();
      void ask(engine, acquire('d', 'lse_5'));
      journal.commits[2]!.flush();
      await settle();
      journal.commits[3]!.flush();
      await settle();
      const keys = (): string[][] => journal.commits.slice(3).map(({ commit }) => commit.rows.map(({ key }) => key));
      expect(keys()).toEqual([['lse_5'], ['lse_1', 'lse_2']]);
      journal.commits[4]!.flush();
      await settle();
      expect(keys()).toEqual([['lse_5'], ['lse_1', 'lse_2'], ['lse_4']]);
    });

    test('of what a task holds is refused in its turn', async () => {
      const { engine, clock } = await engineOn(new HeldJournal());
      engine.state.workers.put({ worker: 1, state: 'running', chunk: 'c', item: 0, end: 1, since: 0 });
      engine.post({ kind: 'taskAcquire', worker: 1, call: 1, scope: 0, lock: 'a' });
      void ask(engine, waiting('a', 'lse_1'));
      clock.turn();
      const happened: object[] = [];
      happened.push({ returned: engine.submit({ kind: 'release', lease: 'task-1' }, (reply) => happened.push(reply)) });
      engine.hasten();
      expect(happened).toHaveLength(1);
      clock.turn();
      expect(happened[1]).toEqual({ kind: 'refused', refusal: { code: 'lease_not_found' } });
    });
  });

  test.for(['while the commit is in flight', 'when it is flushed and has not left'])('a task hears of its grant before it hears that the lock was taken from it again %s', async (when) => {
    const journal = new HeldJournal();
    const { engine, clock, effects } = await engineOn(journal);
    engine.submit(acquire('a', 'lse_1'), () => {});
    clock.turn();
    journal.commits[1]!.flush();
    await settle();
    for (const worker of [1, 2]) {
      engine.state.workers.put({ worker, state: 'running', chunk: 'c', item: 0, end: 1, since: 0 });
      engine.post({ kind: 'taskAcquire', worker, call: 1, scope: 0, lock: 'a' });
    }
    engine.submit({ kind: 'release', lease: 'lse_1' }, () => {});
    clock.turn();
    if (when !== 'while the commit is in flight') {
      journal.commits[2]!.flush();
      await settle();
    }
    engine.submit({ kind: 'revoke', name: 'a' }, () => {});
    journal.commits[2]!.flush();
    for (let turns = 0; turns < 4; turns++) {
      await settle();
      clock.turn();
    }
    const heard = effects.flatMap((effect) => (effect.kind === 'answerLock' || effect.kind === 'loseLock' ? [[effect.worker, effect.kind]] : []));
    expect(heard).toEqual([[1, 'answerLock'], [1, 'loseLock'], [2, 'answerLock']]);
  });

  test('no answer comes before submit has returned, not even that there are too many', async () => {
    const { engine, clock } = await engineOn(new HeldJournal());
    engine.submit(acquire('a', 'lse_1'), () => {});
    clock.turn();
    for (let n = 1; n < UNANSWERED_MAX; n++) engine.submit({ kind: 'showLock', name: 'a' }, () => {});
    const happened: object[] = [];
    happened.push({ returned: engine.submit(acquire('b', 'lse_2'), (reply) => happened.push(reply)) });
    clock.turn();
    expect(happened).toEqual([{ returned: UNANSWERED_MAX + 1 }, { kind: 'refused', refusal: { code: 'overloaded' } }]);
  });

  test('what is asked while answers leave is answered with the next group', async () => {
    const { engine, clock } = await engineOn(new MemoryJournal());
    const happened: object[] = [];
    engine.submit(acquire('a', 'lse_1'), () => {
      happened.push({ returned: engine.submit({ kind: 'showLock', name: 'a' }, (reply) => happened.push(reply)) });
    });
    clock.turn();
    await settle();
    clock.turn();
    expect(happened[0]).toEqual({ returned: 2 });
    expect(happened[1]).toMatchObject({ kind: 'lock', lock: { name: 'a', holder: { lease: { id: 'lse_1' } } } });
  });

  test('the first commit that fails ends the service and answers nobody', async () => {
    const journal = new HeldJournal();
    const failures: unknown[] = [];
    const { engine, clock } = await engineOn(journal, (error) => failures.push(error));
    const reply = ask(engine, acquire('a', 'lse_1'));
    clock.turn();
    journal.commits[1]!.fail(new Error('EIO'));
    expect(await isSettled(reply)).toBe(false);
    expect(failures).toEqual([new Error('EIO')]);
  });

  test('a renewal that came in time wins although the commit before it was slow', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    clock.time += 20_000;
    void ask(engine, acquire('a', 'lse_1', 200));
    clock.turn();
    clock.pass(150);
    const renewal = ask(engine, { kind: 'renew', lease: 'lse_1' });
    clock.pass(150);
    journal.commits[1]!.flush();
    await settle();
    journal.commits[2]!.flush();
    expect(await renewal).toMatchObject({ kind: 'lease', view: { lease: { state: 'held' } } });
  });

  test('of a gap in the loop 250 ms count, and no lease ends for it', async () => {
    const { engine, clock } = await engineOn(new MemoryJournal());
    const before = engine.reading().now;
    clock.time += 60_000;
    expect(engine.reading().now - before).toBe(250);
  });

  test('time is committed every second while a client holds a lease, though nothing else changes', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    void ask(engine, acquire('a', 'lse_1'));
    clock.turn();
    journal.commits[1]!.flush();
    await settle();
    const { now } = journal.commits[1]!.commit;
    for (let i = 0; i < 11; i++) clock.pass(100);
    expect(journal.commits[2]!.commit).toMatchObject({ rows: [], now: now + 1_000 });
  });

  test('a step that throws ends the service, and nothing of it is stored or answered', async () => {
    const journal = new HeldJournal();
    const failures: unknown[] = [];
    const { engine, clock } = await engineOn(journal, (error) => failures.push(error));
    const reply = ask(engine, acquire('a', 'lse_1'));
    Object.defineProperty(engine.state, 'locks', { get: () => { throw new Error('a bug'); } });
    void ask(engine, { kind: 'showLock', name: 'b' });
    clock.turn();
    expect(failures).toEqual([new Error('a bug')]);
    expect(await isSettled(reply)).toBe(false);
    expect(journal.commits).toHaveLength(1);
  });

  test('what was stepped settles although requests never cease', async () => {
    const { engine, clock } = await engineOn(new MemoryJournal());
    const settled = engine.settled();
    for (let i = 0; i < 5; i++) {
      void ask(engine, acquire(`lock-${i}`, `lse_${i}`));
      clock.turn();
      void ask(engine, acquire(`other-${i}`, `lse_other_${i}`));
      await settle();
    }
    expect(await isSettled(settled)).toBe(true);
  });

  test('a close waits for what arrived before it, and takes nothing in after it', async () => {
    const journal = new HeldJournal();
    const { engine, clock } = await engineOn(journal);
    const reply = ask(engine, acquire('a', 'lse_1'));
    const closed = engine.close();
    void ask(engine, acquire('b', 'lse_2'));
    clock.turn();
    expect(journal.commits).toHaveLength(2);
    journal.commits[1]!.flush();
    await reply;
    await settle();
    expect(journal.commits[2]!.commit.rows).toEqual([]);
    journal.commits[2]!.flush();
    await closed;
    expect(engine.state.leaseIndex.holders).toBe(1);
  });

  test('a lease that comes due is ended by the loop itself', async () => {
    const { engine, clock } = await engineOn(new MemoryJournal());
    for (let i = 0; i < 200; i++) clock.pass(100);
    await settle();
    const reply = ask(engine, acquire('a', 'lse_1', 200));
    clock.turn();
    await reply;
    for (let i = 0; i < 4; i++) { clock.pass(100); await settle(); }
    expect(engine.state.leaseIndex.holders).toBe(0);
  });
});
