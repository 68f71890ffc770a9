// Tasks: every item of an accepted batch is run at least once or fails for a stated reason, and keeps its outcome. (P19)
//
//   T1. An attempt begins once: it begins again only after an orderly stop, or where its thread had been told to end.
//   T2. No item runs on two threads at once, but for one that was given up.
//   T3. What an answer showed as an item's outcome stays so, and the item is never begun again: not after a crash either.
//   T4. A value is one that a thread posted for this very item and attempt.
//   T5. A batch that was accepted is known from then on, and once ended stays as it ended.

import type { Complain } from '../judge.ts';

/** One begin of an item. */
export interface Begun {
  readonly attempt: number;
  readonly life: number;
  /** The thread was told to end, the item has ended, or the process has stopped in order. */
  isOver: boolean;
  mayRepeat: boolean;
}

interface Item {
  last: Begun | undefined;
  readonly posted: Set<number>;
  outcome: string | undefined;
}

interface Batch {
  readonly items: Map<number, Item>;
  ended: string | undefined;
}

export class Tasks {
  readonly #complain: Complain;
  readonly #batches = new Map<string, Batch>();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** `goesOn`: its thread came to it by itself, from the item before, and may not have heard yet that the batch is cancelled. */
  begins(batch: string, index: number, attempt: number, life: number, goesOn: boolean): Begun {
    const item = this.#item(batch, index);
    const { last } = item;
    if (item.outcome !== undefined && !(goesOn && item.outcome === 'cancelled')) this.#complain('tasks', `item ${index} of ${batch} began after an answer had shown that it ${item.outcome}`);
    if (last !== undefined) {
      if (attempt < last.attempt) this.#complain('tasks', `item ${index} of ${batch} began in attempt ${attempt} after attempt ${last.attempt}`);
      if (attempt === last.attempt && !last.mayRepeat) this.#complain('tasks', `item ${index} of ${batch} began twice in attempt ${attempt}`);
      if (last.life === life && !last.isOver) this.#complain('tasks', `item ${index} of ${batch} runs on two threads at once`);
    }
    item.last = { attempt, life, isOver: false, mayRepeat: false };
    return item.last;
  }

  posted(batch: string, index: number, attempt: number): void {
    this.#item(batch, index).posted.add(attempt);
  }

  /** An answer shows how an item ended. `value`: what it says of the item that it is of. (T3, T4) */
  shown(batch: string, index: number, state: string, value: { readonly b: string; readonly i: number; readonly a: number } | undefined): void {
    const item = this.#item(batch, index);
    const outcome = value === undefined ? state : `${state} in attempt ${value.a}`;
    if (item.outcome !== undefined && item.outcome !== outcome) this.#complain('tasks', `item ${index} of ${batch} ${item.outcome}, and then ${outcome}`);
    item.outcome = outcome;
    if (value !== undefined && (value.b !== batch || value.i !== index || !item.posted.has(value.a))) {
      this.#complain('tasks', `item ${index} of ${batch} has the value of item ${value.i} of ${value.b}, attempt ${value.a}`);
    }
  }

  accepted(batch: string): void {
    this.#of(batch);
  }

  /** An answer shows a batch. `ended`: its state and counts once it has ended. (T5) */
  seen(batch: string, ended: string | undefined): void {
    const of = this.#of(batch);
    if (of.ended !== undefined && of.ended !== ended) this.#complain('tasks', `${batch} had ended as ${of.ended}, and then is ${ended ?? 'running'}`);
    of.ended = ended;
  }

  /** All that were accepted, in their order. */
  known(): readonly string[] {
    return [...this.#batches.keys()];
  }

  /** After the faults: the batch has ended, and answers have shown an outcome for each item that ever began. */
  mustBeDone(batch: string): void {
    const of = this.#of(batch);
    if (of.ended === undefined) this.#complain('everything drains', `${batch} has not ended`);
    for (const [index, { outcome }] of of.items) if (outcome === undefined) this.#complain('everything drains', `item ${index} of ${batch} began and has no outcome`);
  }

  /** An answer does not know a batch, or says that it was forgotten. */
  unknown(batch: string): void {
    if (this.#batches.has(batch)) this.#complain('what was acknowledged is kept', `${batch} is not known any more`);
  }

  #item(batch: string, index: number): Item {
    const { items } = this.#of(batch);
    let item = items.get(index);
    if (item === undefined) items.set(index, (item = { last: undefined, posted: new Set(), outcome: undefined }));
    return item;
  }

  #of(batch: string): Batch {
    let of = this.#batches.get(batch);
    if (of === undefined) this.#batches.set(batch, (of = { items: new Map(), ended: undefined }));
    return of;
  }
}
