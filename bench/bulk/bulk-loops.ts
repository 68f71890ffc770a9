// Load: loops in one process, each taking and freeing a lock of its own through `POST /v1/bulk`.
//
// `bulk-loops.ts <address> <loops> <requests>`: the loops are shared out evenly to so many requests at a time, 1,000 to
// each at most; asked for a span it tells the pairs per second.

import { setTimeout as delay } from 'node:timers/promises';
import { perSecond } from '../load/rate.ts';
import { post } from '../load/requests.ts';
import { serve, type Span } from '../load/serve.ts';
import { unexpected, Wire, type Answer } from '../load/wire.ts';

/** How much later the next request begins; what is asked for at the same time would go on together. */
const APART_MS = 2;
const TTL_MS = 30_000;

type Operation = { readonly op: 'acquire'; readonly lock: string; readonly owner: string; readonly ttlMs: number } | { readonly op: 'release'; readonly lease: string };
interface Result {
  readonly status: number;
  readonly body?: { readonly id: string };
}
interface Asked {
  readonly operation: Operation;
  readonly resolve: (result: Result) => void;
}

class Bulk {
  readonly connected: Promise<unknown>;
  readonly #url: URL;
  readonly #atOnce: number;
  /** Who has been free longest is asked next: the service closes a connection on which nothing is asked. */
  readonly #free: { readonly wire: Wire; asked: Asked[] }[] = [];
  #queue: Asked[] = [];
  #sending = false;

  /** `atOnce`: how many operations go in one request at most. `connections`: each has one request at a time. */
  constructor(address: string, atOnce: number, connections: number) {
    this.#url = new URL(address);
    this.#atOnce = atOnce;
    for (let number = 0; number < connections; number++) {
      const line = { wire: new Wire(this.#url, (answer) => this.#answered(answer, line)), asked: [] as Asked[] };
      this.#free.push(line);
    }
    this.connected = Promise.all(this.#free.map(({ wire }) => wire.connected));
  }

  ask(operation: Operation): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.#queue.push({ operation, resolve });
    if (!this.#sending) {
      this.#sending = true;
      // What is asked for in one turn goes together.
      setImmediate(() => this.#send());
    }
    return promise;
  }

  #send(): void {
    this.#sending = false;
    while (this.#queue.length > 0) {
      const line = this.#free.shift();
      if (line === undefined) return;
      line.asked = this.#queue.splice(0, this.#atOnce);
      line.wire.send(post(this.#url, '/v1/bulk', { operations: line.asked.map(({ operation }) => operation) }));
    }
  }

  #answered(answer: Answer, line: { readonly wire: Wire; asked: Asked[] }): void {
    if (answer.status !== 200) unexpected(answer);
    const { results }: { results: Result[] } = JSON.parse(answer.bytes.toString('utf8', answer.body, answer.end));
    for (const [at, { resolve }] of line.asked.entries()) resolve(results[at]!);
    this.#free.push(line);
    this.#send();
  }
}

const [address = '', loops = '', given = ''] = process.argv.slice(2);
const requests = Number(given);
const share = Number(loops) / requests;
const bulk = new Bulk(address, share, requests);
await bulk.connected;
const run = { isOver: false, pairs: 0 };

async function takeAndFree(lock: string): Promise<void> {
  while (!run.isOver) {
    const taken = await bulk.ask({ op: 'acquire', lock, owner: 'bench', ttlMs: TTL_MS });
    if (taken.status !== 201) throw new Error(`an acquire was answered ${taken.status}`);
    const freed = await bulk.ask({ op: 'release', lease: taken.body!.id });
    if (freed.status !== 204) throw new Error(`a release was answered ${freed.status}`);
    run.pairs++;
  }
}

await serve(async (span: Span) => {
  run.isOver = false;
  const running: Promise<void>[] = [];
  for (let begun = 0; begun < requests; begun++) {
    while (running.length < (begun + 1) * share) running.push(takeAndFree(`own-${running.length}`));
    await delay(APART_MS);
  }
  const found = await perSecond(() => run.pairs, span);
  run.isOver = true;
  await Promise.all(running);
  return { perSecond: found };
});
