// Rows: what the dashboard shows, in the order in which somebody looks for trouble.
//
// Owns which panels there are and what they say. Contention is first: it is what a lock service is watched for.

import type { Panel, Unit } from './panels.ts';
import { byLock, of, ofLocks, percentile, percentiles, rate, type Query } from './queries.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const THIRD = 8;
const QUARTER = 6;
const HALF = 12;
const THREE_QUARTERS = 18;

function number(title: string, unit: Unit, description: string, expr: string): Panel {
  return { kind: 'number', title, description, unit, width: QUARTER, queries: [{ expr, legend: title }] };
}

function lines(title: string, unit: Unit, description: string, queries: readonly Query[], width = THIRD): Panel {
  return { kind: 'lines', title, description, unit, width, queries };
}

const CONTENTION: Row = {
  title: 'Contention',
  panels: [
    number('Waiting holders', 'short', 'How many wait for the chosen locks: clients, tickets and tasks.', ofLocks('sum', 'holdfast_lock_waiters')),
    number('Oldest waiter', 's', 'How long the one who has waited longest has waited. It rises steadily while a line stands still.', ofLocks('max', 'holdfast_lock_oldest_waiter_seconds')),
    number('Locks held', 'short', 'How many of the chosen locks are held.', ofLocks('sum', 'holdfast_lock_holders')),
    number('Longest hold', 's', 'How long the holder that has held longest has held. Long is well for a leader and ill for a line that waits.', ofLocks('max', 'holdfast_lock_oldest_hold_seconds')),
    lines('Waiting holders by lock', 'short', 'The ten longest lines. A line that grows: holders let go more slowly than others come.', [byLock('sum', 'holdfast_lock_waiters')]),
    lines('Oldest waiter by lock', 's', 'How long the first in line has waited, of the ten that waited longest. A slope of one second a second is a line that stands still.', [byLock('max', 'holdfast_lock_oldest_waiter_seconds')]),
    lines('Longest hold by lock', 's', 'How long the present holder has held, of the ten that held longest. Look who it is with GET /v1/locks/{lock}.', [byLock('max', 'holdfast_lock_oldest_hold_seconds')]),
    lines('Time that a lock was waited for', 's', 'From an acquire to its grant, of all locks, counted when the lock was granted: who still waits is not in it.', percentiles('holdfast_lock_wait_seconds')),
    lines('Time that a lock was held', 's', 'From a grant to the end of its lease, of all locks. If it rises, everybody behind waits longer.', percentiles('holdfast_lock_hold_seconds')),
    lines('Time of a hand-off', 's', 'From the end of a lease to the moment in which the next holder is told: the cost of the service itself, and mostly the disk.', percentiles('holdfast_lock_handoff_seconds')),
    lines('Grants', 'ops', 'Locks granted a second, at once or after waiting.', [{ expr: rate('holdfast_lock_grants_total'), legend: 'grants' }]),
    lines('Refusals by code', 'ops', 'Refused requests about locks and leases, by the code of the problem. lease_lost: clients come too late with their renewals.', [{ expr: rate('holdfast_lock_refusals_total', 'code'), legend: '{{code}}' }]),
    lines('Ends of leases by reason', 'ops', 'How leases and places in line end. expired: clients die, are too slow to renew, or ask for too short a time.', [{ expr: rate('holdfast_lease_ends_total', 'reason'), legend: '{{reason}}' }]),
  ],
};

const BATCHES: Row = {
  title: 'Batches',
  panels: [
    lines('Batches by state', 'short', 'Batches that are kept: those that run or wait, and for a day those that have ended.', [{ expr: `sum by (state) (${of('holdfast_batches')})`, legend: '{{state}}' }]),
    lines('Tasks by outcome', 'ops', 'Tasks that ended a second: succeeded, or the kind of the error.', [{ expr: rate('holdfast_tasks_total', 'outcome'), legend: '{{outcome}}' }]),
    lines('Time of a task by function', 's', 'What 99 of 100 tasks of a function stay below, their waits for locks included.', [{ expr: percentile(99, 'holdfast_task_seconds', 'function'), legend: '{{function}}' }]),
  ],
};

const POOL: Row = {
  title: 'Pool saturation',
  panels: [
    lines('Workers by state', 'short', 'Worker threads by what they do. waiting: in a task that waits for a lock. stuck: told to end and still there; look for native code that blocks.', [{ expr: `sum by (state) (${of('holdfast_pool_workers')})`, legend: '{{state}}' }]),
    lines('Busy workers', 'percentunit', 'The share of workers that are not idle. At 100 % batches wait for each other.', [{ expr: `sum (${of('holdfast_pool_workers', 'state!="idle"')}) / sum (${of('holdfast_pool_workers')})`, legend: 'busy' }]),
    lines('Chunks that wait for a worker', 'short', 'The length of the queue before the pool. At 100,000 chunks batches are refused.', [{ expr: `sum (${of('holdfast_chunks_queued')})`, legend: 'chunks' }]),
    lines('Time that a task waited for a worker', 's', 'From the moment in which a task could have begun to its start. If it rises, there are too few workers or tasks wait for locks.', percentiles('holdfast_task_queue_seconds'), HALF),
    lines('Workers lost', 'ops', 'Worker threads a second that ended without having been told to. More than now and then: a function ends its thread.', [{ expr: rate('holdfast_worker_losses_total'), legend: 'lost' }], HALF),
  ],
};

const FAILURES: Row = {
  title: 'Failures unread',
  panels: [
    number('Failures that nobody has read', 'short', 'Failed tasks whose failure nobody has fetched and no callback has delivered. Should be 0.', `sum (${of('holdfast_batch_errors_unread')})`),
    lines('Failures unread', 'short', 'The same over time, by service. Steps up are batches that failed; steps down are somebody who read.', [{ expr: `sum by (instance) (${of('holdfast_batch_errors_unread')})`, legend: '{{instance}}' }], THREE_QUARTERS),
  ],
};

const WEBHOOKS: Row = {
  title: 'Webhooks',
  panels: [
    lines('Callbacks owed', 'short', 'Callbacks that are not delivered yet. If it grows, a receiver does not answer.', [{ expr: `sum (${of('holdfast_webhook_deliveries_pending')})`, legend: 'owed' }], HALF),
    lines('Attempts by outcome', 'ops', 'Attempts at callbacks a second: delivered, failed (to be tried again) or dead (given up, and nothing sends it again).', [{ expr: rate('holdfast_webhook_deliveries_total', 'outcome'), legend: '{{outcome}}' }], HALF),
  ],
};

const JOURNAL: Row = {
  title: 'Journal',
  panels: [
    lines('Time of a commit', 's', 'From the start of a commit until it was flushed. Every answer that changes something waits for one.', percentiles('holdfast_journal_commit_seconds')),
    lines('Commits', 'ops', 'Commits a second. One is in flight at a time; what arrives meanwhile shares the next.', [{ expr: rate('holdfast_journal_commit_seconds_count'), legend: 'commits' }]),
    lines('Inputs that share a commit', 'short', 'How many requests and reports went into one commit, on average. It rises with the load, and that is well.', [{ expr: `${rate('holdfast_journal_commit_inputs_sum')} / ${rate('holdfast_journal_commit_inputs_count')}`, legend: 'inputs' }]),
    lines('Durability', 'short', 'What an acknowledged change survives: flush, a power cut; os, the end of the process only.', [{ expr: `count by (durability) (${of('holdfast_journal_durability')})`, legend: '{{durability}}' }]),
  ],
};

const REQUESTS: Row = {
  title: 'Requests',
  panels: [
    lines('Requests by status', 'reqps', 'Requests a second by their status. 499: the client went away before its answer. 503: the service stops or is overloaded.', [{ expr: rate('holdfast_http_requests_total', 'status'), legend: '{{status}}' }]),
    lines('Requests by route', 'reqps', 'Requests a second by the template of their route.', [{ expr: rate('holdfast_http_requests_total', 'method, route'), legend: '{{method}} {{route}}' }]),
    lines('Time of a request by route', 's', 'What 99 of 100 requests stay below, waiting for a lock or a batch included: long is what clients asked for there.', [{ expr: percentile(99, 'holdfast_http_request_seconds', 'method, route'), legend: '{{method}} {{route}}' }]),
  ],
};

const PROCESS: Row = {
  title: 'Process',
  panels: [
    number('Running for', 's', 'How long the youngest of the chosen processes has run. A drop is a restart.', `min (time() - ${of('process_start_time_seconds')})`),
    { kind: 'words', title: 'Version', description: 'The versions that run.', unit: 'short', width: QUARTER, queries: [{ expr: `count by (version) (${of('holdfast_build_info')})`, legend: '{{version}}' }] },
    number('Event loop delay', 's', 'What 99 of 100 turns of the event loop were late by at the most. Everything that the service does waits for the loop.', `max (${of('nodejs_eventloop_lag_p99_seconds')})`),
    number('Open files', 'short', 'Descriptors that are open: each connection is one.', `sum (${of('process_open_fds')})`),
    lines('Processor', 'percentunit', 'Cores that the process uses, workers included: 100 % is one core.', [{ expr: rate('process_cpu_seconds_total', 'instance'), legend: '{{instance}}' }]),
    lines('Memory', 'bytes', 'What the process takes of the machine, and the heap of its main thread within.', [
      { expr: `sum by (instance) (${of('process_resident_memory_bytes')})`, legend: 'resident {{instance}}' },
      { expr: `sum by (instance) (${of('nodejs_heap_size_used_bytes')})`, legend: 'heap {{instance}}' },
    ]),
    lines('Garbage collection', 'percentunit', 'The share of its time that the main thread stood still to collect garbage, by kind.', [{ expr: rate('nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }]),
  ],
};

export const ROWS: readonly Row[] = [CONTENTION, BATCHES, POOL, FAILURES, WEBHOOKS, JOURNAL, REQUESTS, PROCESS];
