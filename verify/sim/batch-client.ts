// Batch client: one user of batches: submits, follows, reads results, cancels, tries again.

import type { BatchSubmission } from '../../src/state/inputs.ts';
import type { Json } from '../../src/state/json.ts';
import type { Ask, Heard } from './call.ts';
import { logBetween } from './profile.ts';
import type { World } from './world.ts';

type Submit = Extract<Ask, { kind: 'submitBatch' }>;

const ITEMS_MAX = 10;
const RETRIES_MAX = 5;

/** What `Client` lends of itself. */
export interface Sender {
  readonly number: number;
  send(ask: Ask, heard: (heard: Heard) => void): void;
  rest(): void;
}

export class BatchClient {
  readonly #world: World;
  readonly #sender: Sender;
  #keys = 0;

  constructor(world: World, sender: Sender) {
    this.#world = world;
    this.#sender = sender;
  }

  next(): void {
    const { chance } = this.#world;
    const key = chance.bool(0.5) ? { id: `batch-${this.#sender.number}-${++this.#keys}`, fingerprint: 'a' } : undefined;
    const batch = this.#batch();
    if (chance.bool(0.05)) spoil(batch, chance.int(0, 4));
    this.#try({ kind: 'submitBatch', batch, waitMs: chance.bool(0.3) ? chance.int(1, 5_000) : undefined, key }, 0);
  }

  #batch(): BatchSubmission {
    const { chance } = this.#world;
    const call = chance.bool(0.7) ? 'map' : 'starmap';
    const items = Array.from({ length: chance.int(0, ITEMS_MAX) }, (_, n): Json => (call === 'map' ? { n } : [{ n }]));
    const url = (): { url: string } | undefined => (chance.bool(0.5) ? { url: `http://receiver-${chance.int(1, 3)}/` } : undefined);
    return {
      id: '', delivery: '', function: 'work', call, items,
      chunkSize: chance.bool(0.5) ? chance.int(1, 5) : undefined,
      initializer: chance.bool(0.3) ? { function: 'prepare', args: [] } : undefined,
      globals: chance.bool(0.2) ? { shade: { $lock: 'lock-1' } } : undefined,
      timeoutMs: Math.floor(logBetween(chance, 20, 5_000)),
      callback: url(), errorCallback: url(),
    };
  }

  #try(ask: Submit, tries: number): void {
    const { chance, timeline } = this.#world;
    this.#sender.send(ask, ({ status, code, batch }) => {
      if (batch !== undefined) return this.#follow(batch, 0);
      const again = status === 0 || code === 'functions_unknown' || code === 'shutting_down';
      if (!again || tries >= RETRIES_MAX || (status === 0 && ask.key === undefined)) return this.#sender.rest();
      const key = ask.key !== undefined && chance.bool(0.05) ? { id: ask.key.id, fingerprint: 'b' } : ask.key;
      timeline.after(chance.next() * 2_000, () => this.#try({ ...ask, key }, tries + 1));
    });
  }

  #follow(batch: string, turns: number): void {
    const { chance, timeline } = this.#world;
    if (turns > 4) return this.#sender.rest();
    timeline.after(chance.next() * 1_000, () => {
      const ask: Ask = this.#about(batch);
      this.#sender.send(ask, () => this.#follow(batch, turns + 1));
    });
  }

  #about(batch: string): Ask {
    const { chance } = this.#world;
    const odd = chance.bool(0.03);
    switch (chance.int(0, 5)) {
      case 0: return { kind: 'cancelBatch', batch: odd ? 'bat_unknown' : batch };
      case 1: return { kind: 'readResults', batch, limit: chance.int(1, ITEMS_MAX), cursor: odd ? 'x' : undefined };
      case 2: return { kind: 'listBatches', limit: chance.int(1, 20), state: odd ? 'failed' : undefined, cursor: odd && chance.bool(0.5) ? 'x' : undefined };
      case 3: return { kind: 'readResults', batch, limit: ITEMS_MAX };
      default: return { kind: 'readBatch', batch: odd ? 'bat_unknown' : batch, waitMs: chance.bool(0.5) ? chance.int(1, 5_000) : 0 };
    }
  }
}

/** One of the things for which a batch is refused. */
function spoil(batch: { -readonly [Member in keyof BatchSubmission]: BatchSubmission[Member] }, how: number): void {
  switch (how) {
    case 0: batch.function = 'missing'; break;
    case 1: batch.items = [{ $lock: 'lock-1', and: 1 }]; break;
    case 2: batch.call = 'starmap'; batch.items = [1]; break;
    case 3: batch.globals = { 'no name': 1 }; break;
    default: batch.items = ['lse_000000000000000000000001'];
  }
}
