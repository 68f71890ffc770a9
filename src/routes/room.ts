// Room: how many bytes of large bodies are on their way in at once.
//
// Owns the count over all connections. Does not own how long one body may be (the routes' limits).
//   R1. A byte counts from its arrival until the body it belongs to was parsed, or its exchange is over. What a head says
//       of a length counts nothing: it would keep others out for free.
//   R2. A body that finds no room is refused, and the rest of it is dropped as it comes: were the connection closed, the
//       client would not read why.

import { Transform } from 'node:stream';
import type { preParsingHookHandler, preValidationHookHandler } from 'fastify';
import { Refused } from './refused.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives back the room that the request's body took; again, and it does nothing. */
    leaveRoom: (() => void) | undefined;
  }
}

export interface Room {
  readonly preParsing: preParsingHookHandler;
  readonly preValidation: preValidationHookHandler;
}

/** Hooks for the routes that take large bodies: together they read `bytesMax` at once, and bodies that are over it get 503. */
export function roomFor(bytesMax: number): Room {
  let taken = 0;
  return {
    preParsing: (request, reply, payload, done) => {
      let own = 0;
      const leave = (): void => {
        taken -= own;
        own = 0;
      };
      request.leaveRoom = leave;
      reply.raw.once('close', leave);
      const counted = new Transform({
        transform(bytes: Buffer, _encoding, next) {
          if (taken + bytes.length > bytesMax) return drop(next);
          taken += bytes.length;
          own += bytes.length;
          next(null, bytes);
        },
      });
      const drop = (next: (error: Error) => void): void => {
        payload.unpipe(counted);
        payload.resume();
        leave();
        next(new Refused('overloaded'));
      };
      payload.on('error', (error: Error) => counted.destroy(error));
      done(null, payload.pipe(counted));
    },
    preValidation: (request, _reply, done) => {
      request.leaveRoom?.();
      done();
    },
  };
}
