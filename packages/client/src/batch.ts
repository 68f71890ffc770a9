// Batch: a batch that was submitted, as Python's `AsyncResult`.
//
// Owns following it and reading its results, page by page.

import type { Calls } from './calls.ts';
import type { BatchInfo, BatchState, PageQuery, ResultPage, TaskResult } from './contract.ts';
import { RemoteTaskError } from './errors.ts';
import { moment, sinceMs } from './moment.ts';

/** One request waits this long at most, so that no proxy takes it for idle. */
const FOLLOW_MS = 20_000;
const PAGE_MAX = 1_000;
const ENDED: ReadonlySet<BatchState> = new Set(['succeeded', 'failed', 'cancelled']);

export interface WaitOptions {
  /** How long to wait; for ever when absent. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting, and nothing else. */
  readonly signal?: AbortSignal | undefined;
}

export class Batch {
  readonly id: string;
  readonly #calls: Calls;

  /** Use `holdfast.batch(id)`, or what `pool.submit` and the async forms return. */
  constructor(calls: Calls, id: string) {
    this.#calls = calls;
    this.id = id;
  }

  /** As it is now; with `waitMs` (to 240,000) when it has ended or that time is over. */
  show({ waitMs, signal }: { readonly waitMs?: number | undefined; readonly signal?: AbortSignal | undefined } = {}): Promise<BatchInfo> {
    const waiting = waitMs === undefined ? {} : { waitMs };
    return this.#calls.body({ method: 'GET', path: this.#path(), query: waiting, ...waiting }, { signal });
  }

  /** The batch when it has ended, or when `timeoutMs` is over: look at its `state`. It goes on in any case. */
  async wait({ timeoutMs = Number.POSITIVE_INFINITY, signal }: WaitOptions = {}): Promise<BatchInfo> {
    const since = moment();
    for (;;) {
      const restMs = Math.max(0, timeoutMs - sinceMs(since));
      const batch = await this.show({ waitMs: Math.ceil(Math.min(FOLLOW_MS, restMs)), signal });
      if (ENDED.has(batch.state) || restMs === 0) return batch;
    }
  }

  /** Whether it has ended. */
  async ready(): Promise<boolean> {
    return ENDED.has((await this.show()).state);
  }

  /**
   * Waits for the end and gives what the function returned for each item, in their order. Rejects with a
   * `RemoteTaskError`, the first failure that arrived, if not all of them succeeded.
   */
  async get<Value = unknown>({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Value[]> {
    const batch = await this.wait({ signal });
    if (batch.error !== undefined) throw new RemoteTaskError(batch.error, this.id);
    const values: Value[] = [];
    for await (const { value } of this.results<Value>({ signal })) values.push(value!);
    return values;
  }

  /** What became of each item, in their order, read page by page; items that have not ended are `pending` or `running`. */
  async *results<Value = unknown>({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<TaskResult<Value>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.resultPage<Value>({ limit: PAGE_MAX, cursor, signal });
      yield* page.results;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** One page of the results. */
  resultPage<Value = unknown>({ limit, cursor, signal }: PageQuery & { readonly signal?: AbortSignal | undefined } = {}): Promise<ResultPage<Value>> {
    return this.#calls.body({ method: 'GET', path: this.#path('/results'), query: { limit, cursor } }, { signal });
  }

  /** What is queued never starts; what runs is told, and stopped if it does not end. */
  cancel(): Promise<BatchInfo> {
    return this.#calls.body({ method: 'POST', path: this.#path('/cancel'), body: {} });
  }

  #path(rest = ''): string {
    return `/v1/batches/${encodeURIComponent(this.id)}${rest}`;
  }
}
