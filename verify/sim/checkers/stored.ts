// Stored: nothing is visible before it is stored. (P9, P16, P19)
//
// Owns what has ever been in a commit that was done. Knows nothing of crashes: what an answer or an order rests on must
// be there in the moment in which it leaves.
//   S1. An answer about a lease rests on a commit that had it so, or further on: what changed twice is stored once.
//   S2. A task's attempt and a delivery's attempt are stored before they begin.
//   S3. A task is told of a grant only when no stored lease of a client still holds that lock.

import type { Commit } from '../../../src/journal/journal.ts';
import type { Effect } from '../../../src/state/effects.ts';
import type { ChunkRow, DeliveryRow, LeaseRow } from '../../../src/state/rows.ts';
import type { Complain } from '../judge.ts';

export class Stored {
  readonly #complain: Complain;
  readonly #facts = new Set<string>();
  readonly #leases = new Map<string, Standing>();
  /** The clients' leases that hold each lock, as the store has it. */
  readonly #holders = new Map<string, string>();
  readonly #lockOf = new Map<string, string>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** A commit is done. */
  committed({ rows }: Commit): void {
    /* oxlint-disable typescript/no-unsafe-type-assertion -- The rows of a table have the shape that the table's name says. */
    for (const { table, key, row } of rows) {
      if (table === 'leases') this.#lease(key, row as LeaseRow | undefined);
      else if (table === 'chunks' && row !== undefined) this.#chunk(row as ChunkRow);
      else if (table === 'deliveries' && row !== undefined) this.#facts.add(sending((row as DeliveryRow).id, (row as DeliveryRow).attempts));
    }
    /* oxlint-enable typescript/no-unsafe-type-assertion */
  }

  /** An answer shows a lease. (S1) */
  shown(lease: LeaseRow): void {
    const stored = this.#leases.get(lease.id);
    if (stored === undefined || !isBehind(standingOf(lease), stored)) this.#complain('durable before visible', `an answer says that ${lease.id} is ${lease.state}, and no commit that was done says so`);
  }

  /** An answer says that a lease was released. (S1) */
  released(lease: string): void {
    if (this.#lockOf.has(lease)) this.#complain('durable before visible', `an answer says that ${lease} is released, and the store has it held`);
  }

  /** `lock`: of the grant that a task is told of, where its lease still holds it. (S2, S3) */
  performed(effect: Effect, lock: string | undefined): void {
    if (effect.kind === 'runItems') this.#begins(running(effect.order.batch, effect.order.payloadFirst, effect.order.attempt));
    if (effect.kind === 'send') this.#begins(sending(effect.delivery, effect.attempt));
    const holder = lock === undefined ? undefined : this.#holders.get(lock);
    if (holder !== undefined) this.#complain('durable before visible', `a task was told that it holds ${lock}, which the store has held by ${holder}`);
  }

  #begins(fact: string): void {
    if (!this.#facts.has(fact)) this.#complain('durable before visible', `${fact} begins, and no commit that was done says so`);
  }

  #lease(id: string, row: LeaseRow | undefined): void {
    const before = this.#lockOf.get(id);
    if (before !== undefined) {
      this.#lockOf.delete(id);
      if (this.#holders.get(before) === id) this.#holders.delete(before);
    }
    this.#leases.set(id, row === undefined ? GONE : standingOf(row));
    if (row?.state !== 'held') return;
    this.#holders.set(row.lock, id);
    this.#lockOf.set(id, row.lock);
  }

  #chunk({ batch, first, attempt, state }: ChunkRow): void {
    if (state === 'running' || state === 'claimed') this.#facts.add(running(batch, first, attempt));
  }
}

/** How far a lease has come: waiting, held, over, forgotten. */
interface Standing {
  readonly stage: number;
  readonly token: number | undefined;
}

const GONE: Standing = { stage: 3, token: undefined };

function standingOf(lease: LeaseRow): Standing {
  if (lease.state === 'waiting') return { stage: 0, token: undefined };
  return { stage: lease.state === 'held' ? 1 : 2, token: lease.fencingToken };
}

function isBehind(shown: Standing, stored: Standing): boolean {
  return shown.stage <= stored.stage && (shown.token === undefined || stored === GONE || shown.token === stored.token);
}

function running(batch: string, first: number, attempt: number): string {
  return `attempt ${attempt} at the chunk of ${batch} from item ${first}`;
}

function sending(delivery: string, attempt: number): string {
  return `attempt ${attempt} at ${delivery}`;
}
