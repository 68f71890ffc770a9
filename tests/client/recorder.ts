// Recorder: what a client sent and what came back, with the clock that the test compares.
//
// Owns the log of one client. Changes nothing on the way.

import type { Fetch, LeaseInfo } from '@holdfast/client';

export interface Sent {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly at: number;
  /** Absent while no answer came. */
  status?: number;
  /** Until when the answer lets its reader hold a lock: the sending + elapsedMs + expiresInMs. */
  heldUntil?: number;
}

export class Recorder {
  readonly sent: Sent[] = [];
  readonly #before: (nth: number) => void;

  /** `before` is called before each request with its number, from 0. */
  constructor(before: (nth: number) => void = () => undefined) {
    this.#before = before;
  }

  readonly fetch: Fetch = async (url, init) => {
    this.#before(this.sent.length);
    const entry: Sent = { method: init.method, path: new URL(url).pathname, headers: init.headers, at: performance.now() };
    this.sent.push(entry);
    const answer = await fetch(url, init);
    const text = await answer.text();
    entry.status = answer.status;
    if (entry.path.includes('lease') && text.includes('expiresInMs')) {
      const { elapsedMs, expiresInMs = 0 }: LeaseInfo = JSON.parse(text);
      entry.heldUntil = entry.at + elapsedMs + expiresInMs;
    }
    return { status: answer.status, headers: answer.headers, text: () => Promise.resolve(text) };
  };

  /** The latest moment until which any answer promised a lock. */
  get heldUntil(): number {
    return Math.max(...this.sent.map(({ heldUntil = 0 }) => heldUntil));
  }

  requests(method: string, ending: string): readonly Sent[] {
    return this.sent.filter(({ method: asked, path }) => asked === method && path.endsWith(ending));
  }
}
