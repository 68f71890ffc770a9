// Story: what every generated client goes through, told in the words that all of them must have.
//
// Owns the order of the calls and what is noted of each: `play` a whole use of the service, or `endure` a service that
// goes away and comes back. How a client makes a call is in the file of its generator,
// whose types must fit these without a cast.

export interface Lease {
  readonly id: string;
  readonly state: string;
  readonly locks: readonly { readonly name: string }[];
  readonly fencingToken?: number;
  readonly ttlMs: number;
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly reason?: string;
  readonly holders?: readonly { readonly owner?: string; readonly fencingToken: number }[];
}

export interface Batch {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
}

export interface Result {
  readonly index: number;
  readonly state: string;
  readonly value?: unknown;
}

export type Outcome = { readonly lease: Lease } | { readonly problem: Problem };

export interface Client {
  /** Rejects where the answer is neither a lease nor `423`, or where there is none. */
  acquire(lock: string, asked: { readonly owner: string; readonly waitMs?: number }, key: string): Promise<Outcome>;
  renew(lease: string, ttlMs: number): Promise<Outcome>;
  /** The status of the answer. */
  release(lease: string): Promise<number>;
  /** Who waits for the lock. */
  waiters(lock: string): Promise<readonly string[]>;
  submit(call: { readonly function: string; readonly call: 'starmap'; readonly items: unknown[] }): Promise<Batch>;
  follow(batch: string, waitMs: number): Promise<Batch>;
  results(batch: string): Promise<readonly Result[]>;
}

/** Plays the part that the command line names, on the lock that it names, and prints what the client saw. */
export async function tell(client: Client): Promise<void> {
  const [, , part, lock = ''] = process.argv;
  console.log(JSON.stringify(part === 'endure' ? await endure(client, lock) : await play(client, lock)));
}

/** Waits for the lock whatever becomes of the service: one key makes all tries the same request. */
async function endure(client: Client, lock: string): Promise<object> {
  const key = crypto.randomUUID();
  for (let tries = 1; ; tries += 1) {
    try {
      const lease = held(await client.acquire(lock, { owner: 'Ben', waitMs: 60_000 }, key));
      return { state: lease.state, tries };
    } catch {
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }
}

async function play(client: Client, lock: string): Promise<object> {
  const first = held(await client.acquire(lock, { owner: 'Ana' }, crypto.randomUUID()));
  const refused = refusal(await client.acquire(lock, { owner: 'Ben' }, crypto.randomUUID()));
  const waiting = client.acquire(lock, { owner: 'Ben', waitMs: 30_000 }, crypto.randomUUID());
  let line: readonly string[] = [];
  while (line.length === 0) line = await client.waiters(lock);
  const renewed = held(await client.renew(first.id, 45_000));
  const released = await client.release(first.id);
  const second = held(await waiting);
  const lost = refusal(await client.renew(first.id, 45_000));
  await client.release(second.id);
  const batch = await client.submit({ function: 'add', call: 'starmap', items: [[1, 2], [3, 4]] });
  const ended = await client.follow(batch.id, 30_000);
  const results = await client.results(batch.id);
  return {
    names: [first, second].map(({ locks }) => locks.map(({ name }) => name)),
    refused: { ...refused, holders: refused.holders?.map(({ owner, fencingToken }) => ({ owner, byFirst: fencingToken === first.fencingToken })) },
    line,
    renewed: renewed.ttlMs,
    released,
    tokenRose: (second.fencingToken ?? 0) > (first.fencingToken ?? Infinity),
    lost,
    batch: ended.state,
    results: results.map(({ index, state, value }) => ({ index, state, value })),
  };
}

function held(outcome: Outcome): Lease {
  if ('lease' in outcome && outcome.lease.state === 'held') return outcome.lease;
  throw new Error(`not held: ${JSON.stringify(outcome)}`);
}

function refusal(outcome: Outcome): Problem {
  if ('lease' in outcome) throw new Error('granted where a refusal was due');
  const { status, code, reason, holders } = outcome.problem;
  return { status, code, ...(reason !== undefined && { reason }), ...(holders !== undefined && { holders }) };
}
