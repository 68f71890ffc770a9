// Edge: what the routes are given to work with.
//
// Owns the shapes. Routes parse, submit to the engine and write its reply; they decide nothing.

import type { Engine } from '../engine.ts';
import type { FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault, FastifyBaseLogger } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { PayloadRef } from '../state/payloads.ts';

/** Counts an answered request; `status` 499 is one whose client hung up before its answer. */
export type CountRequest = (status: number, seconds: number) => void;

export interface EdgeTelemetry {
  metrics(): Promise<string>;
  readonly contentType: string;
  /** What counts the requests of a route (its template) and a method. */
  requests(route: string, method: string): CountRequest;
}

export interface EdgeLog {
  isLevelEnabled(level: string): boolean;
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type UrlCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly refused: 'url_invalid' | 'address_not_allowed'; readonly reason: string };

export interface Edge {
  readonly engine: Engine;
  /** Empty: nobody needs one, and only requests to a loopback name are answered. */
  readonly tokens: readonly string[];
  /** Whether callbacks can be signed. */
  readonly callbacks: boolean;
  readonly checkCallbackUrl: (url: string) => UrlCheck;
  readonly payloads: { read(ref: PayloadRef): Uint8Array };
  readonly telemetry: EdgeTelemetry;
  readonly logger: EdgeLog;
  readonly version: string;
}

export type Routes = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    open?: boolean;
  }
}
