// The metrics of batches, tasks and worker threads.
//
// Owns their names, help and buckets. Names of functions are labels, because they are the operator's; up to a bound
// nevertheless, as a folder may export any number of them.

import { LABELLED_FUNCTIONS_MAX } from '../limits.ts';
import type { Fact } from '../state/facts.ts';
import type { WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { WAIT_SECONDS } from './bounds.ts';
import { counters, Distribution, distribution, gauge, gauges, LabelSets, type Labels, type Metrics, type Observations } from './series.ts';

type WorkerState = 'idle' | 'starting' | 'running' | 'waiting' | 'stuck';

/** The outcomes that a function's tasks are counted under from the start. */
const USUAL_OUTCOMES = ['succeeded', 'error'] as const;

export type TaskFact = Extract<Fact, { readonly kind: 'tasksStarted' | 'tasksEnded' | 'tasksNotRun' }>;

/** Counts what happens to tasks. */
export function taskMetrics(state: State, metrics: Metrics): (fact: TaskFact) => void {
  batchGauges(state, metrics);
  workerGauge(state, metrics);
  const queued = distribution({ name: 'holdfast_task_queue_seconds', help: 'Time that a task waited for a worker, in seconds.', bounds: WAIT_SECONDS, metrics });
  const functions = new FunctionCounts(state, metrics);

  return (fact) => {
    switch (fact.kind) {
      case 'tasksStarted': return queued.observe(fact.queuedMs / 1_000, fact.count);
      case 'tasksEnded': return functions.of(fact.function).ended(fact.ends);
      case 'tasksNotRun': return functions.of(fact.function).add(fact.outcome, fact.count);
    }
  };
}

function batchGauges({ batchIndex }: State, metrics: Metrics): void {
  gauges({ name: 'holdfast_batches', help: 'Batches that are kept, by state.', metrics }, new LabelSets('state'), () => Object.entries(batchIndex.byState));
  gauge({ name: 'holdfast_chunks_queued', help: 'Chunks of batches that wait for a worker.', metrics }, () => batchIndex.queued.size + batchIndex.handed.size);
  gauge({ name: 'holdfast_batch_errors_unread', help: 'Failed tasks whose failure nobody has fetched and no callback has delivered.', metrics }, () => batchIndex.unreadErrors);
}

function workerGauge(state: State, metrics: Metrics): void {
  const help = 'Worker threads by what they do: idle, starting (loading functions or setting up), running a task, waiting for a lock in one, or stuck (told to end and still there).';
  gauges({ name: 'holdfast_pool_workers', help, metrics }, new LabelSets('state'), () => {
    const counts = { idle: 0, starting: 0, running: 0, waiting: 0, stuck: 0 };
    for (const worker of state.workers.values()) counts[doingOf(state, worker)]++;
    return Object.entries(counts);
  });
}

function doingOf(state: State, { state: phase, worker }: WorkerRow): WorkerState {
  if (phase === 'idle' || phase === 'stuck') return phase;
  for (const lease of state.leaseIndex.leasesOf(worker)) if (state.places.get(lease)?.state === 'waiting') return 'waiting';
  return phase === 'starting' || phase === 'setup' ? 'starting' : 'running';
}

/** What is counted by function. Beyond `LABELLED_FUNCTIONS_MAX` names all others share an empty one. */
class FunctionCounts {
  readonly #byName = new Map<string, FunctionCount>();
  readonly #seconds: Distribution;

  constructor(state: State, metrics: Metrics) {
    counters({ name: 'holdfast_tasks_total', help: 'Tasks that ended, by function and outcome: succeeded, or the kind of the error.', metrics }, () => this.#outcomes(state));
    this.#seconds = new Distribution({
      name: 'holdfast_task_seconds', help: 'Time that a task ran, waits for locks included, in seconds.',
      bounds: WAIT_SECONDS, metrics,
    });
  }

  of(name: string): FunctionCount {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    if (name !== '' && this.#byName.size >= LABELLED_FUNCTIONS_MAX) return this.of('');
    const count = new FunctionCount(this.#seconds.series({ function: name }));
    this.#byName.set(name, count);
    return count;
  }

  * #outcomes(state: State): Generator<readonly [Labels, number]> {
    this.#know(state);
    for (const [name, { outcomes }] of this.#byName) for (const [outcome, count] of outcomes) yield [{ function: name, outcome }, count];
  }

  /** Functions that have not run yet are there with 0. */
  #know({ registry }: State): void {
    for (const name of registry?.functions.keys() ?? []) if (this.#byName.size < LABELLED_FUNCTIONS_MAX) this.of(name);
  }
}

class FunctionCount {
  readonly outcomes = new Map<string, number>(USUAL_OUTCOMES.map((outcome) => [outcome, 0]));
  readonly seconds: Observations;

  constructor(seconds: Observations) {
    this.seconds = seconds;
  }

  ended(ends: readonly { readonly outcome: string; readonly ms: number }[]): void {
    for (const { outcome, ms } of ends) {
      this.add(outcome, 1);
      this.seconds.observe(ms / 1_000);
    }
  }

  add(outcome: string, count: number): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + count);
  }
}
