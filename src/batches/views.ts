// Views: a batch and its results as an answer shows them.
//
// Owns what is put together from several rows. Payload bytes are read by who writes the answer.

import { INLINE_RESULTS_BYTES_MAX, INLINE_RESULTS_MAX } from '../limits.ts';
import type { BatchView, ResultView } from '../state/replies.ts';
import type { BatchRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { outcomeOf } from './outcomes.ts';

export function batchView(state: State, batch: BatchRow): BatchView {
  return { batch, delivery: batch.deliveryEvent === undefined ? undefined : state.deliveries.get(batch.delivery) };
}

/** An ended batch with the results of all its items, where they are few and small enough for one answer. */
export function batchViewWithResults(state: State, batch: BatchRow): BatchView {
  const view = batchView(state, batch);
  if (batch.counts.total > INLINE_RESULTS_MAX) return view;
  const { results, nextIndex } = resultViews(state, batch, 0, batch.counts.total, INLINE_RESULTS_BYTES_MAX);
  return nextIndex === batch.counts.total ? { ...view, results } : view;
}

export interface ResultPage {
  readonly results: readonly ResultView[];
  /** One past the last item of the page. */
  readonly nextIndex: number;
}

/** Items from `first` on, in their order: at most `limit` and `bytesMax` bytes of payloads, but at least one. */
export function resultViews(state: State, batch: BatchRow, first: number, limit: number, bytesMax: number): ResultPage {
  const running = runningItems(state, batch.id);
  const end = Math.min(first + limit, batch.counts.total);
  const results: ResultView[] = [];
  let bytes = 0;
  for (let index = first; index < end; index++) {
    const view = resultView(state, batch.id, index, running);
    bytes += view.outcome?.payload?.bytes ?? 0;
    if (bytes > bytesMax && results.length > 0) break;
    results.push(view);
  }
  return { results, nextIndex: first + results.length };
}

function resultView(state: State, batch: string, index: number, running: ReadonlyMap<number, number>): ResultView {
  const outcome = outcomeOf(state, batch, index);
  if (outcome !== undefined) return { index, state: outcome.state, outcome, attempt: outcome.attempt === 0 ? undefined : outcome.attempt };
  const attempt = running.get(index);
  return attempt === undefined ? { index, state: 'pending' } : { index, state: 'running', attempt };
}

/** The items of a batch that run now, and in which attempt. */
function runningItems(state: State, batch: string): ReadonlyMap<number, number> {
  const items = new Map<number, number>();
  for (const { chunk: id, item } of state.workers.values()) {
    const chunk = id === undefined ? undefined : state.chunks.get(id);
    if (chunk?.batch === batch && item !== undefined) items.set(item, chunk.attempt);
  }
  return items;
}
