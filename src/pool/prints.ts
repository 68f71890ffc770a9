// Prints: what a task writes to standard output and standard error.
//
// Owns the two streams of a thread. Does not own where prints are kept: each is posted as it is printed, so that a task
// that then spins and is ended keeps it, and the main thread joins it to the item's result.
//   P1. Nothing that goes through these streams reaches the service's own output.
//   P2. One item's prints are at most LOGS_BYTES_MAX bytes, the note that says the cut included. What is measured is
//       the text that is kept: a byte that is no UTF-8 becomes three.
//   P3. What no running item printed (a module while it loads, a timer of an ended item) is dropped.

import { StringDecoder } from 'node:string_decoder';
import type { Writable } from 'node:stream';
import { LOGS_BYTES_MAX } from '../limits.ts';
import { callingScope, openScope } from './scopes.ts';
import type { Scope } from './scopes.ts';

const CUT_NOTE = `\n… cut at ${LOGS_BYTES_MAX} bytes\n`;
const encoder = new TextEncoder();
const scratch = new Uint8Array(LOGS_BYTES_MAX);
const KEPT_BYTES_MAX = LOGS_BYTES_MAX - Buffer.byteLength(CUT_NOTE);

/** Takes over the streams of this thread. Code without a scope of its own prints for the item that runs. */
export function capturePrints(post: (text: string) => void): void {
  const budget = new PrintBudget();
  for (const stream of [process.stdout, process.stderr]) takeOver(stream, budget, post);
  process.removeAllListeners('warning');
  process.on('warning', (warning) => process.stderr.write(`${warning.name}: ${warning.message}\n`));
}

/** How much more the running item may print. */
class PrintBudget {
  #scope: Scope | undefined;
  #left = 0;
  #cut = false;

  /** How many bytes the scope may still print. */
  left(scope: Scope): number {
    if (scope !== this.#scope) {
      this.#scope = scope;
      this.#left = KEPT_BYTES_MAX;
      this.#cut = false;
    }
    return this.#left;
  }

  /** The part of `text` that is kept, with the note if this print is the one that is cut. `whole`: there was no more. */
  take(text: string, whole: boolean): string {
    const { read, written } = encoder.encodeInto(text, scratch.subarray(0, this.#left));
    this.#left -= written;
    if (whole && read === text.length) return text;
    const note = this.#cut ? '' : CUT_NOTE;
    this.#cut = true;
    this.#left = 0;
    return text.slice(0, read) + note;
  }
}

/**
 * Replaces how the stream writes and not the stream, which Node's own messages still reach. Without this a thread's
 * prints wait for its event loop, which a spinning task never returns to.
 */
function takeOver(stream: Writable, budget: PrintBudget, post: (text: string) => void): void {
  let decoder = new StringDecoder('utf8');
  let owner: Scope | undefined;
  const keep = (bytes: Buffer): void => {
    const scope = callingScope() ?? openScope();
    if (scope === undefined || scope.ended) return;
    if (scope !== owner) {
      owner = scope;
      decoder = new StringDecoder('utf8');
    }
    const left = budget.left(scope);
    const text = budget.take(decoder.write(bytes.subarray(0, left)), bytes.length <= left);
    if (text !== '') post(text);
  };
  const write: Writable['_write'] = (chunk: string | Buffer, encoding, written) => {
    keep(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    written();
  };
  // Without a `_writev`, which would be preferred for prints that queue up.
  Object.defineProperties(stream, { _write: { value: write }, _writev: { value: undefined } });
}
