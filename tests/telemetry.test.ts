// Telemetry: what /metrics says, from a real state and what the engine reports.

import { beforeEach, describe, expect, test } from 'vitest';
import { crc32 } from 'node:zlib';
import { LABELLED_FUNCTIONS_MAX, LABELLED_LOCKS_MAX, LABEL_TEXTS_MAX } from '../src/limits.ts';
import type { Claimant, LeaseRow } from '../src/state/rows.ts';
import { State } from '../src/state/state.ts';
import { createTelemetry, type Telemetry } from '../src/telemetry.ts';
import { sample } from './service/metrics.ts';

let state: State;
let telemetry: Telemetry;
let now = 0;

beforeEach(() => {
  now = 0;
  state = new State({ workers: 2, checksum: (bytes) => crc32(bytes), tokenFloor: 0 });
  telemetry = createTelemetry(state, () => now, { version: '1.2.3', durability: 'os' });
});

async function read(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  return sample(await telemetry.metrics(), `holdfast_${name}`, labels);
}

/** What a metric says of two locks that a test declares, and of all others. */
async function byLock(name: string): Promise<readonly (number | undefined)[]> {
  const text = await telemetry.metrics();
  return ['orders/1', 'orders/2', ''].map((lock) => sample(text, `holdfast_${name}`, { lock }));
}

function declare(name: string): void {
  state.locks.put({ name, kind: 'mutex', description: '', labels: {}, createdAt: 0 });
}

let leases = 0;

function lease(lock: string, held: boolean, claimant: Claimant = { by: 'ticket' }, since = 0): string {
  const order = ++leases;
  const base = { id: `lse_${order}`, lock, order, claimant, ttlMs: 1_000, askedAt: since };
  const row: LeaseRow = held
    ? { ...base, state: 'held', fencingToken: order, grantedAt: 0, waitedMs: 0, heldSince: since }
    : { ...base, state: 'waiting' };
  (claimant.by === 'task' ? state.places : state.leases).put(row);
  return row.id;
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

async function families(): Promise<readonly Family[]> {
  const text = await telemetry.metrics();
  return [...text.matchAll(/^# HELP (holdfast_\S+) (.*)\n# TYPE \S+ (\S+)$/gmu)].map(([, name = '', help = '', type = '']) => ({ name, help, type }));
}

describe('the text', () => {
  test('quotes what would end a label', async () => {
    telemetry.requests('/a"b\\c\nd', 'GET')(200, 1);
    expect(await telemetry.metrics()).toContain(String.raw`holdfast_http_requests_total{route="/a\"b\\c\nd",method="GET",status="200"} 1`);
  });

  test('lets others have their turns while it is written', async () => {
    let turns = 0;
    const count = (): void => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    await telemetry.metrics();
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual((await families()).length);
  });
});

describe('names', () => {
  test('every metric of the contract is there from the start', async () => {
    expect((await families()).map(({ name }) => name.replace('holdfast_', ''))).toEqual(expect.arrayContaining([
      'lock_waiters', 'lock_holders', 'lock_oldest_waiter_seconds', 'lock_oldest_hold_seconds', 'chunks_queued', 'lock_grants_total', 'lock_wait_seconds', 'lock_hold_seconds', 'lock_handoff_seconds',
      'lock_refusals_total', 'lease_ends_total', 'batches', 'tasks_total', 'task_seconds', 'task_queue_seconds', 'pool_workers',
      'batch_errors_unread', 'webhook_deliveries_total', 'webhook_deliveries_pending', 'journal_commit_seconds',
      'journal_commit_inputs', 'http_requests_total', 'http_request_seconds', 'build_info', 'journal_durability',
    ]));
  });

  test('counters and only counters end in _total, and every help says something', async () => {
    const found = await families();
    expect(found.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
    expect(found.filter(({ name }) => !/^holdfast_[a-z]+(?:_[a-z]+)*$/u.test(name))).toEqual([]);
    expect(found.filter(({ help }) => help.length < 20)).toEqual([]);
  });

  test('the help of every time names its unit', async () => {
    const times = (await families()).filter(({ name }) => name.endsWith('_seconds'));
    expect(times.length).toBeGreaterThan(5);
    expect(times.filter(({ help }) => !help.endsWith('in seconds.'))).toEqual([]);
  });

  test('the process speaks for itself beside them, for the version that runs and for what an acknowledgement is worth', async () => {
    const text = await telemetry.metrics();
    expect(sample(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(sample(text, 'holdfast_build_info', { version: '1.2.3' })).toBe(1);
    expect(sample(text, 'holdfast_journal_durability', { durability: 'os' })).toBe(1);
    expect(telemetry.contentType).toMatch(/^text\/plain; version=0\.0\.4/u);
  });

  test('two services of one process count apart', async () => {
    createTelemetry(state, () => now, { version: '1.2.3', durability: 'flush' }).fact({ kind: 'granted', waitedMs: 0 }, 0);
    expect(await read('lock_grants_total')).toBe(0);
  });
});

describe('locks', () => {
  test('who waits and who holds is counted by declared lock, and for all others together', async () => {
    declare('orders/1');
    declare('orders/2');
    for (const [lock, waiters] of [['orders/1', 3], ['nobody-declared', 2], ['nor-this', 1]] as const) {
      lease(lock, true);
      for (let i = 0; i < waiters; i++) lease(lock, false);
    }
    const text = await telemetry.metrics();
    expect(['orders/1', 'orders/2', ''].map((lock) => sample(text, 'holdfast_lock_waiters', { lock }))).toEqual([3, 0, 3]);
    expect(['orders/1', 'orders/2', ''].map((lock) => sample(text, 'holdfast_lock_holders', { lock }))).toEqual([1, 0, 2]);
    expect(text).not.toContain('nobody-declared');
  });

  test('a lock that is deleted leaves the gauges', async () => {
    declare('short-lived');
    expect(await read('lock_waiters', { lock: 'short-lived' })).toBe(0);
    state.locks.delete('short-lived');
    expect(await read('lock_waiters', { lock: 'short-lived' })).toBeUndefined();
  });

  test('of more locks than texts are kept of, those that are declared now are told, each with what it has now', async () => {
    for (let group = 0; group * LABELLED_LOCKS_MAX <= LABEL_TEXTS_MAX; group++) {
      const names = Array.from({ length: LABELLED_LOCKS_MAX }, (_, number) => `group ${group}/${number}`);
      for (const name of names) declare(name);
      lease(names[7]!, true);
      expect(await read('lock_holders', { lock: names[7]! })).toBe(1);
      expect(await read('lock_holders', { lock: names[8]! })).toBe(0);
      expect((await telemetry.metrics()).match(/^holdfast_lock_waiters\{lock="group/gmu)).toHaveLength(LABELLED_LOCKS_MAX);
      for (const name of names) state.locks.delete(name);
    }
  });

  test('beyond the bound, declared locks are counted with those that nobody declared', async () => {
    const names = Array.from({ length: 10 * LABELLED_LOCKS_MAX }, (_, i) => `lock-${String(i).padStart(5, '0')}`);
    names.forEach(declare);
    lease(names[LABELLED_LOCKS_MAX - 1]!, true);
    lease(names[LABELLED_LOCKS_MAX]!, true);
    lease(names.at(-1)!, true);
    lease(names.at(-1)!, false);
    now = 2_000;
    const text = await telemetry.metrics();
    expect(text.match(/^holdfast_lock_holders\{lock="lock-/gmu)).toHaveLength(LABELLED_LOCKS_MAX);
    expect(sample(text, 'holdfast_lock_holders', { lock: names[LABELLED_LOCKS_MAX - 1]! })).toBe(1);
    expect(sample(text, 'holdfast_lock_holders', { lock: '' })).toBe(2);
    expect(sample(text, 'holdfast_lock_oldest_waiter_seconds', { lock: '' })).toBe(2);
    expect(sample(text, 'holdfast_lock_oldest_hold_seconds', { lock: '' })).toBe(2);
  });

  test('the age of the first in line is told by declared lock, and the oldest of all other locks together', async () => {
    declare('orders/1');
    declare('orders/2');
    lease('orders/1', true, { by: 'ticket' }, 1_000);
    const first = lease('orders/1', false, { by: 'ticket' }, 2_000);
    lease('orders/1', false, { by: 'ticket' }, 3_000);
    lease('nobody-declared', true, { by: 'ticket' }, 4_000);
    lease('nobody-declared', false, { by: 'connection' }, 5_500);
    lease('nor-this', true, { by: 'ticket' }, 4_000);
    lease('nor-this', false, { by: 'task', worker: 1, scope: 1, call: 1 }, 5_000);
    now = 6_000;
    expect(await byLock('lock_oldest_waiter_seconds')).toEqual([4, 0, 1]);
    state.leases.delete(first);
    expect(await byLock('lock_oldest_waiter_seconds')).toEqual([3, 0, 1]);
  });

  test('how long a lock is held is told by declared lock, and the longest of all other locks together', async () => {
    declare('orders/1');
    declare('orders/2');
    now = 10_000;
    expect(await byLock('lock_oldest_hold_seconds')).toEqual([0, 0, 0]);
    lease('orders/1', true, { by: 'ticket' }, 1_000);
    const oldest = lease('nobody-declared', true, { by: 'ticket' }, 2_500);
    lease('nor-this', true, { by: 'task', worker: 1, scope: 1, call: 1 }, 4_000);
    expect(await byLock('lock_oldest_hold_seconds')).toEqual([9, 0, 7.5]);
    state.leases.delete(oldest);
    expect(await byLock('lock_oldest_hold_seconds')).toEqual([9, 0, 6]);
  });

  test('a grant is counted with its wait, in cumulative buckets', async () => {
    for (const waitedMs of [0, 40, 60_000, 900_000]) telemetry.fact({ kind: 'granted', waitedMs }, 5);
    expect(await read('lock_grants_total')).toBe(4);
    expect(await read('lock_wait_seconds_bucket', { le: '0.001' })).toBe(1);
    expect(await read('lock_wait_seconds_bucket', { le: '0.05' })).toBe(2);
    expect(await read('lock_wait_seconds_bucket', { le: '300' })).toBe(3);
    expect(await read('lock_wait_seconds_bucket', { le: '+Inf' })).toBe(4);
    expect(await read('lock_wait_seconds_count')).toBe(4);
    expect(await read('lock_wait_seconds_sum')).toBeCloseTo(960.04);
  });

  test('a lock that passes on takes until its next holder is told, and no time when that one was told early', async () => {
    telemetry.fact({ kind: 'handedOff', early: false }, 2);
    telemetry.fact({ kind: 'handedOff', early: true }, 2);
    expect(await read('lock_handoff_seconds_sum')).toBeCloseTo(0.002);
    expect(await read('lock_handoff_seconds_bucket', { le: '0.0001' })).toBe(1);
    expect(await read('lock_handoff_seconds_bucket', { le: '0.0025' })).toBe(2);
  });

  test('a place in line that ends is counted by its reason and was never held', async () => {
    telemetry.fact({ kind: 'leaseEnded', reason: 'timed_out' }, 0);
    telemetry.fact({ kind: 'leaseEnded', reason: 'expired', heldMs: 30_000 }, 0);
    expect(await read('lease_ends_total', { reason: 'timed_out' })).toBe(1);
    expect(await read('lease_ends_total', { reason: 'expired' })).toBe(1);
    expect(await read('lock_hold_seconds_count')).toBe(1);
    expect(await read('lock_hold_seconds_sum')).toBe(30);
  });

  test('refusals of lock requests are counted by code, there with 0 before the first', async () => {
    expect(await read('lock_refusals_total', { code: 'wait_queue_full' })).toBe(0);
    telemetry.fact({ kind: 'refused', code: 'lock_held' }, 0);
    telemetry.fact({ kind: 'refused', code: 'function_not_found' }, 0);
    expect(await read('lock_refusals_total', { code: 'lock_held' })).toBe(1);
    expect(await read('lock_refusals_total', { code: 'function_not_found' })).toBeUndefined();
  });
});

describe('tasks', () => {
  test('a task is counted by function and outcome, with its time in the queue and its own', async () => {
    telemetry.fact({ kind: 'tasksStarted', queuedMs: 200, count: 1 }, 0);
    telemetry.fact({ kind: 'tasksEnded', function: 'resize', ends: [{ outcome: 'timeout', ms: 1_500 }] }, 0);
    expect(await read('task_queue_seconds_sum')).toBe(0.2);
    expect(await read('tasks_total', { function: 'resize', outcome: 'timeout' })).toBe(1);
    expect(await read('tasks_total', { function: 'resize', outcome: 'succeeded' })).toBe(0);
    expect(await read('task_seconds_sum', { function: 'resize' })).toBe(1.5);
  });

  test('tasks that never began are counted by outcome and have no time', async () => {
    telemetry.fact({ kind: 'tasksNotRun', function: 'resize', outcome: 'cancelled', count: 7 }, 0);
    expect(await read('tasks_total', { function: 'resize', outcome: 'cancelled' })).toBe(7);
    expect(await read('task_seconds_count', { function: 'resize' })).toBe(0);
  });

  test('a function that the folder exports is there before its first task', async () => {
    state.registry = { functions: new Map([['idle', { name: 'idle', description: '', module: 'idle.ts' }]]), broken: [] };
    expect(await read('tasks_total', { function: 'idle', outcome: 'succeeded' })).toBe(0);
  });

  test('beyond the bound, functions share an empty name', async () => {
    for (let i = 0; i < LABELLED_FUNCTIONS_MAX + 5; i++) telemetry.fact({ kind: 'tasksEnded', function: `f${i}`, ends: [{ outcome: 'succeeded', ms: 1 }] }, 0);
    expect(await read('tasks_total', { function: 'f0', outcome: 'succeeded' })).toBe(1);
    expect(await read('tasks_total', { function: '', outcome: 'succeeded' })).toBe(5);
    expect(await read('tasks_total', { function: `f${LABELLED_FUNCTIONS_MAX}`, outcome: 'succeeded' })).toBeUndefined();
  });

  test('a worker whose task waits for a lock counts as waiting, until it has the lock', async () => {
    state.workers.put({ worker: 1, state: 'idle', since: 0 });
    state.workers.put({ worker: 2, state: 'setup', since: 0 });
    state.workers.put({ worker: 3, state: 'running', since: 0 });
    state.workers.put({ worker: 4, state: 'stuck', since: 0 });
    const place = lease('hot', false, { by: 'task', worker: 3, scope: 1, call: 1 });
    const states = ['idle', 'starting', 'running', 'waiting', 'stuck'];
    const counted = async (): Promise<readonly (number | undefined)[]> => {
      const text = await telemetry.metrics();
      return states.map((doing) => sample(text, 'holdfast_pool_workers', { state: doing }));
    };
    expect(await counted()).toEqual([1, 1, 0, 1, 1]);
    state.places.delete(place);
    expect(await counted()).toEqual([1, 1, 1, 0, 1]);
  });
});

describe('the edges', () => {
  test('requests are counted by template, method and status, with the time that they took', async () => {
    telemetry.requests('/v1/locks/:lock/leases', 'POST')(201, 0.01);
    telemetry.requests('/v1/locks/:lock/leases', 'POST')(201, 200);
    telemetry.requests('/v1/locks/:lock/leases', 'POST')(499, 3);
    const labels = { route: '/v1/locks/:lock/leases', method: 'POST', status: '201' };
    expect(await read('http_requests_total', labels)).toBe(2);
    expect(await read('http_requests_total', { ...labels, status: '499' })).toBe(1);
    expect(await read('http_request_seconds_bucket', { ...labels, le: '0.01' })).toBe(1);
    expect(await read('http_request_seconds_count', labels)).toBe(2);
  });

  test('attempts at deliveries are counted by outcome', async () => {
    telemetry.fact({ kind: 'deliveryTried', outcome: 'failed' }, 0);
    expect(await read('webhook_deliveries_total', { outcome: 'failed' })).toBe(1);
    expect(await read('webhook_deliveries_total', { outcome: 'delivered' })).toBe(0);
  });

  test('a commit is counted with the time until it was flushed and what shared it', async () => {
    telemetry.committed(0.0004, 12);
    expect(await read('journal_commit_seconds_bucket', { le: '0.0005' })).toBe(1);
    expect(await read('journal_commit_inputs_sum')).toBe(12);
    expect(await read('journal_commit_inputs_bucket', { le: '10' })).toBe(0);
  });
});
