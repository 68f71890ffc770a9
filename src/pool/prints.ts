// Prints: what a task writes to standard output and standard error.
//
// Owns the two streams of a thread. Does not own where prints are kept: each is posted as it is printed, so that a task
// that then spins and is ended keeps it, and the main thread joins it to the item's result.
//   P1. Nothing that goes through these streams reaches the service's own output.
//   P2. One item's prints are at most LOGS_BYTES_MAX bytes, the note that says the cut included.
//   P3. What no running item printed (a module while it loads, a timer of an ended item) is dropped.

import { StringDecoder } from 'node:string_decoder';
import type { Writable } from 'node:stream';
import { LOGS_BYTES_MAX } from '../limits.ts';
import { callingScope, openScope } from './scopes.ts';
import type { Scope } from './scopes.ts';

const CUT_NOTE = `\n… cut at ${LOGS_BYTES_MAX} bytes\n`;
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

  /** The part of `bytes` that is kept, and whether this print is the one that is cut. */
  take(scope: Scope, bytes: Buffer): { readonly kept: Buffer; readonly cut: boolean } {
    if (scope !== this.#scope) {
      this.#scope = scope;
      this.#left = KEPT_BYTES_MAX;
      this.#cut = false;
    }
    const kept = bytes.subarray(0, this.#left);
    const cut = !this.#cut && kept.length < bytes.length;
    this.#left -= kept.length;
    this.#cut ||= cut;
    return { kept, cut };
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
    const { kept, cut } = budget.take(scope, bytes);
    const text = decoder.write(kept) + (cut ? CUT_NOTE : '');
    if (text !== '') post(text);
  };
  const write: Writable['_write'] = (chunk: string | Buffer, encoding, written) => {
    keep(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    written();
  };
  // Without a `_writev`, which would be preferred for prints that queue up.
  Object.defineProperties(stream, { _write: { value: write }, _writev: { value: undefined } });
}
