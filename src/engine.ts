// Engine: the only loop. (Being written.)

import type { ClientRequest, Report } from './state/inputs.ts';
import type { Reply } from './state/replies.ts';
import type { State } from './state/state.ts';

/** One reading of the clock, so that what is worked out from it agrees. */
export interface Reading {
  /** Milliseconds that the service ran. */
  readonly now: number;
  /** Wall time, milliseconds of the epoch. */
  readonly wall: number;
  /** Monotonic time with fractions, for spans. */
  readonly mono: number;
}

export type Unnumbered<Request> = Request extends unknown ? Omit<Request, 'request'> : never;

export interface Submitted {
  /** The number to report a hang-up or a carried grant under. */
  readonly request: number;
  /** Resolves once everything that the reply rests on is flushed. Never rejects. */
  readonly reply: Promise<Reply>;
}

export interface Engine {
  /** To be read only, beside the loop: health and metrics. */
  readonly state: State;
  submit(request: Unnumbered<ClientRequest>): Submitted;
  post(report: Report): void;
  reading(): Reading;
}
