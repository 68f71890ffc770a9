// Connector: opens the one connection of an attempt, to addresses that may be called.
//
// Owns the address rule at the moment of connection. Does not own the rule itself (destination.ts).
//   C1. Every address that a socket is opened to has been asked about, literal ones too: Node resolves no literal, so a
//       check in the resolver alone never sees them.
//   C2. What was checked is what is connected to: there is no second look-up that could answer otherwise.

import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { literalAddress, type DestinationRule } from './destination.ts';
import type { Resolve } from './resolve.ts';

export type Connect = buildConnector.connector;

/** The address of the receiver may not be called. */
export class AddressNotAllowed extends Error {
  override readonly name = 'AddressNotAllowed';
}

/** A connector for one attempt. Aborting `signal` closes its socket, in whatever state it is. */
export function guardedConnector(rule: DestinationRule, resolve: Resolve, signal: AbortSignal): Connect {
  // No time limit of its own: the signal carries the one of the whole attempt.
  const open = buildConnector({ timeout: 0, allowH2: false, lookup: guardedLookup(rule, resolve), signal });
  return (options, callback) => {
    const literal = literalAddress(options.hostname);
    if (literal !== undefined && !rule.isCallable(literal)) callback(new AddressNotAllowed(), null);
    else open(options, callback);
  };
}

/** Leaves out the addresses that may not be called, and fails when none is left. (C2) */
function guardedLookup(rule: DestinationRule, resolve: Resolve): LookupFunction {
  const answer = async (hostname: string, all: boolean, callback: Parameters<LookupFunction>[2]): Promise<void> => {
    const found = await resolve(hostname).catch((error: Error) => error);
    if (found instanceof Error) return callback(found, '');
    const callable = found.filter(({ address }) => rule.isCallable(address));
    const first = callable[0];
    if (first === undefined) return callback(new AddressNotAllowed(), '');
    return all ? callback(null, callable) : callback(null, first.address, first.family);
  };
  return (hostname, options, callback) => void answer(hostname, options.all === true, callback);
}
