import { expect, test } from 'vitest';
import { HAND_MAX } from '../../src/limits.ts';
import { createHand, Hand } from '../../src/pool/hand.ts';
import type { Json } from '../../src/state/json.ts';
import { Bench } from './recorder.ts';

/** Puts an order of one item into the thread's hand, whose index is its number. */
function hand(bench: Bench, worker: number, number: number, name: string, item: Json = null, batch = 'bat_1'): void {
  bench.run(worker, name, [item], { batch, payloadFirst: number, first: number, end: number + 1, number });
}

/** What a thread said, as `begun 3` and `3: value`. */
function said({ recorder }: Bench): string[] {
  return recorder.reports.flatMap((report) => {
    if (report.kind === 'orderBegun') return [`begun ${report.number}`];
    return report.kind === 'itemSettled' ? [`${report.index}: ${report.value ?? report.error?.code}`] : [];
  });
}

test('a thread goes on with its hand by itself, in its order, and says of each order that it has begun', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'echo', ['now']);
  for (const number of [1, 2, 3]) hand(bench, worker, number, 'echo', number);
  await bench.settled(worker, 3);
  expect(said(bench)).toEqual(['0: "now"', 'begun 1', '1: 1', 'begun 2', '2: 2', 'begun 3', '3: 3']);
});

test('what is taken back of a hand does not begin, though the thread was busy all the time, and the rest does', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'waitForAbort', [0], { batch: 'bat_busy' });
  for (const number of [1, 2, 3]) hand(bench, worker, number, 'echo', number);
  bench.pool.takeBack(worker, [2, 3]);
  expect(bench.recorder.all('ordersTakenBack')).toEqual([{ kind: 'ordersTakenBack', worker, numbers: [2, 3] }]);
  hand(bench, worker, 4, 'echo', 4);
  bench.pool.abort(worker, 'bat_busy', 'cancelled');
  await bench.settled(worker, 4);
  expect(said(bench).slice(1)).toEqual(['begun 1', '1: 1', 'begun 4', '4: 4']);
});

test('what has begun is not taken back', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  hand(bench, worker, 1, 'waitForAbort');
  hand(bench, worker, 2, 'echo');
  await bench.recorder.seen('orderBegun');
  bench.pool.takeBack(worker, [1, 2]);
  expect(bench.recorder.all('ordersTakenBack')).toEqual([{ kind: 'ordersTakenBack', worker, numbers: [2] }]);
});

test('an order begins once or is taken back, however the two meet', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  const rounds = 300;
  for (let round = 0; round < rounds; round++) {
    const numbers = Array.from({ length: HAND_MAX }, (_, n) => 1 + round * HAND_MAX + n);
    for (const number of numbers) hand(bench, worker, number, 'echo', number);
    if (round % 2 === 0) await new Promise((resolve) => { setImmediate(resolve); });
    bench.pool.takeBack(worker, numbers);
    const back = bench.recorder.all('ordersTakenBack')[round]!.numbers;
    const last = numbers.findLast((number) => !back.includes(number));
    if (last !== undefined) await bench.settled(worker, last);
  }
  const begun = bench.recorder.all('orderBegun').map(({ number }) => number);
  const back = bench.recorder.all('ordersTakenBack').flatMap(({ numbers }) => numbers);
  expect([...begun, ...back].toSorted((a, b) => a - b)).toEqual(Array.from({ length: rounds * HAND_MAX }, (_, n) => n + 1));
  expect(begun.length).toBeGreaterThan(0);
  expect(back.length).toBeGreaterThan(0);
});

test('a stop is for the batch that it names, and not for what the thread has gone on with', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  hand(bench, worker, 1, 'waitForAbort', null, 'bat_other');
  await bench.recorder.seen('orderBegun');
  bench.pool.abort(worker, 'bat_1', 'cancelled');
  hand(bench, worker, 2, 'echo', 'behind');
  bench.pool.abort(worker, 'bat_other', 'timeout');
  expect(await bench.settled(worker, 1)).toMatchObject({ value: JSON.stringify({ code: 'timeout', message: 'the task was told to stop: timeout' }) });
  expect(await bench.settled(worker, 2)).toMatchObject({ value: '"behind"' });
});

test('a thread that was told to end begins nothing more of its hand', async () => {
  const bench = new Bench();
  const worker = await bench.started();
  bench.run(worker, 'waitForAbort', [0], { batch: 'bat_busy' });
  hand(bench, worker, 1, 'echo');
  bench.pool.end(worker);
  bench.pool.takeBack(worker, [1]);
  await bench.ended(worker);
  expect(bench.recorder.all('orderBegun')).toEqual([]);
  // Nobody can claim it any more: not the thread, and so not the pool.
  expect(bench.recorder.all('ordersTakenBack')).toEqual([{ kind: 'ordersTakenBack', worker, numbers: [] }]);
});

test('nothing is taken back of a thread that is not there', async () => {
  const bench = new Bench();
  bench.pool.takeBack(7, [1]);
  expect(bench.recorder.all('ordersTakenBack')).toEqual([]);
});

test('a number is claimed once, by either side, also when its place is given anew', () => {
  const memory = createHand();
  const [main, thread] = [new Hand(memory), new Hand(memory)];
  expect(thread.claim(1)).toBe(false);
  main.give(1);
  expect([thread.claim(1), main.claim(1)]).toEqual([true, false]);
  main.give(2);
  expect([main.claim(2), thread.claim(2)]).toEqual([true, false]);
  main.give(1 + 2 * HAND_MAX);
  expect([thread.claim(1), thread.claim(1 + 2 * HAND_MAX)]).toEqual([false, true]);
  main.give(3);
  main.claimAll();
  expect(thread.claim(3)).toBe(false);
});
