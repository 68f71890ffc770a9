// Progress: how far a batch is, drawn over one line of a terminal, or told line by line to programs.
//
// Owns the line. Where nobody looks at standard error, nothing is drawn there.

import type { BatchInfo } from '@holdfast/client';
import type { Output } from '../output.ts';

const BAR_CHARS = 30;
const CLEAR_LINE = '\r\u001B[K';

export class Progress implements Disposable {
  readonly #output: Output;
  #last = '';

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows the batch if anything of it has changed. */
  show(batch: BatchInfo): void {
    const counts = JSON.stringify([batch.state, batch.counts]);
    if (counts === this.#last) return;
    this.#last = counts;
    if (this.#output.isLive) process.stderr.write(CLEAR_LINE + this.#line(batch));
    else if (this.#output.json) this.#output.say({ event: 'progress', batch: batch.id, state: batch.state, counts: batch.counts }, '');
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#output.isLive && this.#last !== '') process.stderr.write(CLEAR_LINE);
  }

  #line({ state, counts: { total, succeeded, failed, cancelled, running } }: BatchInfo): string {
    const ended = succeeded + failed + cancelled;
    const full = total === 0 ? BAR_CHARS : Math.floor((BAR_CHARS * ended) / total);
    const bar = this.#output.accented(failed > 0 ? 'red' : 'green', '█'.repeat(full)) + '░'.repeat(BAR_CHARS - full);
    const parts = [`${ended}/${total}`, ...(running > 0 ? [`${running} running`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
    return `${bar} ${parts.join(', ')} ${state}`;
  }
}
