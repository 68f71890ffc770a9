// Workload: commits that follow from a seed, and what a journal must hold after each of them.
//
// Owns both, so that what was written and what is expected cannot differ by chance. Does not own opening (opener.ts).
//   W1. `now` of commit n is n: an opened journal says by itself which commit it ends with.
//   W2. Commits are of all sizes: single rows, rows that grow and shrink, splits of pages, payloads over many pages, and
//       deletions, so that pages are freed and used again.

import { crc32 } from 'node:zlib';
import type { Commit } from '../../src/journal/journal.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';
import { bytesOf, commitOf, refTo, type Rows } from '../../tests/journal/commits.ts';
import { Chance } from '../chance.ts';

const KEYS = 80;
const TABLES = ['locks', 'leases', 'batches'] as const;

export interface Put {
  readonly table: string;
  readonly key: string;
  readonly row: object | undefined;
}

export interface Step {
  readonly puts: readonly Put[];
  readonly payloads: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  readonly drops: readonly string[];
}

/** What a journal must hold: rows as `table/key` → row in JSON, and payloads that must be readable. */
export interface Expected {
  readonly rows: ReadonlyMap<string, string>;
  readonly payloads: ReadonlyMap<string, PayloadRef>;
}

export class Workload {
  readonly #chance: Chance;
  readonly #steps: Step[] = [];
  readonly #expected: Expected[] = [{ rows: new Map(), payloads: new Map() }];

  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  /** Commit n, from 1. */
  step(n: number): Step {
    while (this.#steps.length < n) this.#draw();
    const step = this.#steps[n - 1];
    if (step === undefined) throw new RangeError(`there is no commit ${n}`);
    return step;
  }

  /** What stands after commit n; nothing for 0. */
  expected(n: number): Expected {
    while (this.#steps.length < n) this.#draw();
    const expected = this.#expected[n];
    if (expected === undefined) throw new RangeError(`there is no commit ${n}`);
    return expected;
  }

  /** Commit n for a journal whose rows are made by `row`. */
  commit(n: number, row: Rows['row']): Commit {
    const { puts, payloads, drops } = this.step(n);
    return commitOf({ now: n, rows: puts.map((put) => row(put.table, put.key, put.row)), payloads, drops });
  }

  #draw(): void {
    const before = this.expected(this.#steps.length);
    const n = this.#steps.length + 1;
    const payloads = this.#chance.bool(0.3) ? this.#payloads(n) : [];
    const drop = this.#chance.bool(0.25) ? [...before.payloads.keys()][0] : undefined;
    const step = { puts: this.#puts(n, before), payloads, drops: drop === undefined ? [] : [this.#chance.bool(0.5) ? drop : `${drop.split('/')[0]}/`] };
    this.#steps.push(step);
    this.#expected.push(after(before, step));
  }

  #puts(n: number, before: Expected): Put[] {
    const puts = new Map<string, Put>();
    const count = this.#chance.bool(0.05) ? 70 : this.#chance.int(1, 5);
    for (let i = 0; i < count; i += 1) {
      const [table, key] = [this.#chance.pick(TABLES), `key-${this.#chance.int(1, KEYS)}`];
      const isGone = before.rows.has(`${table}/${key}`) && this.#chance.bool(0.3);
      const text = 'x'.repeat(this.#chance.bool(0.1) ? this.#chance.int(0, 9_000) : this.#chance.int(0, 200));
      puts.set(`${table}/${key}`, { table, key, row: isGone ? undefined : { n, text } });
    }
    return [...puts.values()];
  }

  #payloads(n: number): Step['payloads'] {
    const sizes = [1, 300, 5_000, 30_000];
    return Array.from({ length: this.#chance.int(1, 3) }, (_, i) => ({ id: `b${n}/${i}`, bytes: bytesOf(this.#chance.pick(sizes), n + i) }));
  }
}

function after(before: Expected, { puts, payloads, drops }: Step): Expected {
  const rows = new Map(before.rows);
  for (const { table, key, row } of puts) {
    if (row === undefined) rows.delete(`${table}/${key}`);
    else rows.set(`${table}/${key}`, JSON.stringify(row));
  }
  const kept = [...before.payloads].filter(([id]) => !drops.some((drop) => id === drop || (drop.endsWith('/') && id.startsWith(drop))));
  return { rows, payloads: new Map([...kept, ...payloads.map(({ id, bytes }) => [id, refTo(id, bytes)] as const)]) };
}

/** What an opening found, as far as it is compared. */
export interface Found {
  readonly now: number;
  /** `table/key` → row. */
  readonly rows: Readonly<Record<string, object>>;
  /** The bytes; `undefined` when the journal said that they are damaged, which may be no fault. */
  readonly payload: (ref: PayloadRef) => Uint8Array | undefined;
}

/**
 * Whether what was found is what some commit left, none before `acknowledged` and none after `begun`; an empty text when
 * it is, else what is wrong.
 */
export function wrongIn(found: Found, workload: Workload, { acknowledged, begun }: { acknowledged: number; begun: number }): string {
  const { now, rows, payload } = found;
  if (!Number.isInteger(now) || now < acknowledged) return `it ends with commit ${now}, and commit ${acknowledged} was acknowledged`;
  if (now > begun) return `it ends with commit ${now}, and only ${begun} had begun`;
  const expected = workload.expected(now);
  for (const [name, row] of expected.rows) {
    const said = rows[name] === undefined ? 'nothing' : JSON.stringify(rows[name]);
    if (said !== row) return `after commit ${now} the row ${name} is ${said.slice(0, 80)}`;
  }
  const more = Object.keys(rows).find((name) => !expected.rows.has(name));
  if (more !== undefined) return `after commit ${now} there is a row ${more}`;
  for (const ref of expected.payloads.values()) {
    const bytes = payload(ref);
    if (bytes !== undefined && (bytes.length !== ref.bytes || crc32(bytes) !== ref.checksum)) return `after commit ${now} payload ${ref.id} has other bytes`;
  }
  return '';
}
