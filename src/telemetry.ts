// Telemetry: what the service tells about itself to Prometheus.
//
// Owns which part counts what; the metrics themselves and their text are in telemetry/. Owns no state: gauges are read
// from the machine's state when they are asked for, counters count what the engine says has happened.
//   T1. No label holds what a client may choose without bound, and none a lease, a token or a payload.
//   T2. Counting costs little: each acquire and release is counted about ten times.
//   T3. What makes the text is loaded with the first request for it.

import type { Durability } from './journal/journal.ts';
import { later } from './later.ts';
import type { Fact } from './state/facts.ts';
import type { State } from './state/state.ts';
import { SHORT_SECONDS } from './telemetry/bounds.ts';
import { lockMetrics, type Now } from './telemetry/locks.ts';
import { requestMetrics, type CountRequests } from './telemetry/requests.ts';
import { counter, distribution, gauge, info, Tally, type Metrics } from './telemetry/series.ts';
import { taskMetrics } from './telemetry/tasks.ts';

const COMMIT_INPUTS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
/** Of prom-client's text; prom-client itself is not loaded yet when this is asked for. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const DELIVERY_OUTCOMES = ['delivered', 'failed', 'dead'];

export interface Telemetry {
  /** Something happened in a step; `sinceMs` is the time from that step to the moment in which it became visible. */
  fact(fact: Fact, sinceMs: number): void;
  /** A commit of that many inputs was flushed. */
  committed(seconds: number, inputs: number): void;
  /** What counts the requests of a route, named by its template: one that was answered, or whose client went away (499). */
  readonly requests: CountRequests;
  /** All metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** The media type of that text. */
  readonly contentType: string;
}

/** What runs, and what its acknowledgements are worth. */
export interface Running {
  readonly version: string;
  readonly durability: Durability;
}

/** `now`: milliseconds that the service ran, as the engine counts them. */
export function createTelemetry(state: State, now: Now, { version, durability }: Running): Telemetry {
  const metrics: Metrics = [];
  const lockFact = lockMetrics(state, now, metrics);
  const taskFact = taskMetrics(state, metrics);
  const deliveryTried = deliveryMetrics(state, metrics);
  const committed = journalMetrics(metrics);
  const lost = counter({ name: 'holdfast_worker_losses_total', help: 'Worker threads that ended without having been told to.', metrics });
  const requests = requestMetrics(metrics);
  info({ name: 'holdfast_build_info', help: 'The version that runs; always 1.', metrics }, { version });
  const help = 'What a change is when it is acknowledged, flushed to the disk (flush) or handed to the operating system (os); always 1.';
  info({ name: 'holdfast_journal_durability', help, metrics }, { durability });

  return {
    fact(fact, sinceMs) {
      switch (fact.kind) {
        case 'granted':
        case 'handedOff':
        case 'refused':
        case 'leaseEnded': return lockFact(fact, sinceMs);
        case 'tasksStarted':
        case 'tasksEnded':
        case 'tasksNotRun': return taskFact(fact);
        case 'deliveryTried': return deliveryTried(fact.outcome);
        case 'workerLost': return lost.inc();
      }
    },
    committed,
    requests,
    metrics: textOf(metrics),
    contentType: CONTENT_TYPE,
  };
}

/** (T3) */
function textOf(metrics: Metrics): () => Promise<string> {
  const loaded = later(async () => {
    const { exposition } = await import('./telemetry/exposition.ts');
    return exposition(metrics);
  });
  return async () => {
    const text = await loaded();
    return text();
  };
}

function deliveryMetrics({ batchIndex }: State, metrics: Metrics): (outcome: string) => void {
  gauge({ name: 'holdfast_webhook_deliveries_pending', help: 'Deliveries that are owed to receivers.', metrics }, () => batchIndex.pendingDeliveries);
  const help = 'Attempts at deliveries, by outcome: delivered, failed (to be tried again), or dead (given up).';
  const tried = new Tally({ name: 'holdfast_webhook_deliveries_total', help, label: 'outcome', known: DELIVERY_OUTCOMES, metrics });
  return (outcome) => tried.add(outcome);
}

function journalMetrics(metrics: Metrics): Telemetry['committed'] {
  const seconds = distribution({ name: 'holdfast_journal_commit_seconds', help: 'Time of a commit until it was flushed (or handed to the operating system, see holdfast_journal_durability), in seconds.', bounds: SHORT_SECONDS, metrics });
  const inputs = distribution({ name: 'holdfast_journal_commit_inputs', help: 'Inputs (requests, reports of workers and of receivers) that shared a commit.', bounds: COMMIT_INPUTS, metrics });
  return (took, count) => {
    seconds.observe(took);
    inputs.observe(count);
  };
}
