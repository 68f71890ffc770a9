// Opening: the real journal on a folder that may hold anything, and what it makes of it.
//
// Owns the order claim, open, compare, and the kinds of outcome. Does not own what is right (workload.ts).

import { claimDirectory } from '../../src/journal/directory.ts';
import { JournalRefused, PayloadDamaged, type Journal } from '../../src/journal/journal.ts';
import { openLmdbJournal } from '../../src/journal/lmdb.ts';
import type { StoredRow } from '../../src/state/load.ts';
import type { PayloadRef } from '../../src/state/payloads.ts';
import { Rows } from '../../tests/journal/commits.ts';
import { wrongIn, type Workload } from './workload.ts';

export interface Outcome {
  /** `right`: exactly what some commit left. `refused`: with words, nothing was served. */
  readonly outcome: 'right' | 'refused' | 'wrong';
  /** The refusal, or what is wrong. */
  readonly said: string;
}

export interface Truth {
  readonly acknowledged: number;
  readonly begun: number;
}

export interface Look {
  readonly directory: string;
  readonly workload: Workload;
  readonly truth: Truth;
  /** Commits to make in the opened journal, which is then opened and compared again. */
  readonly commits: number;
  /** A payload that is said to be damaged is not served, and so not wrong. */
  readonly mayLosePayloads: boolean;
}

export async function lookAt(look: Look): Promise<Outcome> {
  try {
    return await opened(look);
  } catch (error) {
    if (error instanceof JournalRefused && error.message.includes(look.directory)) return { outcome: 'refused', said: error.message };
    return { outcome: 'wrong', said: String(error) };
  }
}

async function opened(look: Look): Promise<Outcome> {
  const { directory, workload, commits } = look;
  const claim = claimDirectory(directory);
  let now: number;
  try {
    const journal = await openLmdbJournal(directory);
    ({ now } = journal.opened);
    const stored = [...journal.opened.rows];
    const wrong = compare(journal, stored, look);
    if (wrong === '') await goOn(journal, stored, workload, commits);
    await journal.close();
    if (wrong !== '') return { outcome: 'wrong', said: wrong };
  } finally {
    claim.release();
  }
  const last = now + commits;
  return commits === 0 ? { outcome: 'right', said: '' } : lookAt({ ...look, truth: { acknowledged: last, begun: last }, commits: 0 });
}

function compare(journal: Journal, stored: readonly StoredRow[], { workload, truth, mayLosePayloads }: Look): string {
  const rows = Object.fromEntries(stored.map(({ table, key, row }) => [`${table}/${key}`, row]));
  const payload = (ref: PayloadRef): Uint8Array | undefined => {
    try {
      return journal.readPayload(ref);
    } catch (error) {
      if (mayLosePayloads && error instanceof PayloadDamaged) return undefined;
      throw error;
    }
  };
  return wrongIn({ now: journal.opened.now, rows, payload }, workload, truth);
}

async function goOn(journal: Journal, stored: readonly StoredRow[], workload: Workload, commits: number): Promise<void> {
  const { row } = new Rows(stored);
  const { now } = journal.opened;
  for (let n = now + 1; n <= now + commits; n += 1) await journal.commit(workload.commit(n, row));
}
