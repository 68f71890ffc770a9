// Witness: an ordinary client beside the hostile ones, who sees whether they changed anything for others.
//
// Owns a lock that is held all the time, a lock that changes hands all the time, and the clock that says how prompt the
// service still is. What it finds is a list of complaints.

import { setTimeout as delay } from 'node:timers/promises';
import type { Names } from './request.ts';
import { NO_FUNCTION, type Stage } from './inputs.ts';
import type { Target } from './target.ts';

const HELD = 'witness/held';
const TTL_MS = 600_000;
const NEVER = 'never/';
const LOOK_MS = 100;
/** Waiters whose client is gone leave at once, those with a key 5 s later. */
const DRAIN_MS_MAX = 12_000;
/** The witness's own connections, and threads that were started anew. */
const FILES_MORE = 20;

export class Witness {
  readonly stage: Stage;
  readonly complaints: string[] = [];
  readonly #tookMs: number[] = [];
  readonly #fencingToken: number;

  private constructor(theirs: Names, fencingToken: number) {
    this.stage = { theirs, never: NEVER, maybe: 'maybe/' };
    this.#fencingToken = fencingToken;
  }

  static async settle({ client }: Target): Promise<Witness> {
    const lease = await client.hold(HELD, { ttlMs: TTL_MS });
    const batch = await client.enqueue({ function: 'echo', items: [1, 2, 3] });
    return new Witness({ lock: HELD, lease: lease.id, batch: batch.id, function: 'echo' }, lease.fencingToken);
  }

  /** What nobody but the witness was told, and what stands in files beside those that are served. */
  get secrets(): readonly string[] {
    return [this.stage.theirs.lease, 'root:x:0:0', '"devDependencies"'];
  }

  /** Acquires, looks and releases as long as the service lives and `isOn`. */
  async watch({ client, child }: Target, isOn: () => boolean): Promise<void> {
    for (let nth = 0; isOn() && !child.ended; nth += 1) {
      const began = performance.now();
      const answer = await client.acquire('witness/live', { ttlMs: 60_000 });
      this.#tookMs.push(performance.now() - began);
      if (answer.status !== 201) this.#complain(`an acquire of a free lock was answered ${answer.status}`);
      else if ((await client.release(answer.body.id)).status !== 204) this.#complain('a release was refused');
      if (nth % 10 === 0) await this.#lookAtHeld(client);
      await delay(LOOK_MS);
    }
  }

  async #lookAtHeld(client: Target['client']): Promise<void> {
    const { status, body } = await client.lock(HELD);
    if (status !== 200 || body.holders[0]?.fencingToken !== this.#fencingToken) this.#complain(`the witness's lock has another holder: ${status} ${JSON.stringify(body)}`);
  }

  /** The time that an acquire beside the inputs took, at the 99th percentile, in milliseconds. */
  get tookMs(): number {
    return this.#tookMs.toSorted((left, right) => left - right)[Math.floor(this.#tookMs.length * 0.99)] ?? 0;
  }

  /** What should not have changed has not: neither before nor after a restart. */
  async lookBack({ client }: Target): Promise<void> {
    await this.#lookAtHeld(client);
    const renewed = await client.renew(this.stage.theirs.lease, { ttlMs: TTL_MS });
    if (renewed.status !== 200) this.#complain(`the witness's lease is ${renewed.status} ${renewed.text}`);
    const made = await client.locks(`prefix=${NEVER.slice(0, -1)}&limit=5`);
    if (made.body.locks.length > 0) this.#complain(`a refused request made ${made.text}`);
    for (let cursor = ''; ;) {
      const { body: { batches, nextCursor } } = await client.batches(`limit=1000${cursor}`);
      if (batches.some((batch) => batch.function === NO_FUNCTION)) this.#complain('a refused request made a batch');
      if (nextCursor === undefined) return;
      cursor = `&cursor=${nextCursor}`;
    }
  }

  /** The clients that went away while they waited are out of the line. */
  async seeDrained({ client }: Target): Promise<void> {
    const deadline = performance.now() + DRAIN_MS_MAX;
    while (await client.waiterCount(HELD) > 0) {
      if (performance.now() > deadline) return this.#complain(`${await client.waiterCount(HELD)} clients that are gone still wait`);
      await delay(LOOK_MS);
    }
  }

  /** Connections that are gone leave no file open. */
  countFiles(before: number, after: number): void {
    if (after > before + FILES_MORE) this.#complain(`${after} files are open, where ${before} were before`);
  }

  #complain(what: string): void {
    if (!this.complaints.includes(what)) this.complaints.push(what);
  }
}
