// Call: one request on one connection, from the client's side.

import type { Unnumbered } from '../../src/engine.ts';
import type { LeaseBody } from '../../src/routes/lease-schemas.ts';
import type { ClientRequest } from '../../src/state/inputs.ts';
import type { Exchange } from './exchange.ts';
import type { Process } from './process.ts';

type WithoutIds<Request> = Request extends { readonly kind: 'acquire' } ? Omit<Request, 'lease'> : Request;

/** What a client asks. The id of a new lease is drawn where the request arrives. */
export type Ask = WithoutIds<Unnumbered<ClientRequest>>;

/** What a client hears: an answer, or that there will be none. */
export interface Heard {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  /** Of a problem; `reset`, `refused` or `timeout` where there was no answer. */
  readonly code: string | undefined;
  readonly lease?: LeaseBody | undefined;
  readonly batch?: string | undefined;
}

export interface Call {
  readonly ask: Ask;
  readonly sentAt: number;
  isOpen: boolean;
  /** The client closed before the request had arrived. */
  isClosedEarly: boolean;
  /** Where it arrived. */
  exchange: Exchange | undefined;
  process: Process | undefined;
  readonly heard: (heard: Heard) => void;
}
