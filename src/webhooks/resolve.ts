// Resolve: the addresses of a name, asked for once however many attempts want them.

import { lookup as systemLookup, type LookupAddress } from 'node:dns';

/** All addresses of a name. Rejects with the resolver's error. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * Resolves by the system's resolver, one look-up of a name at a time, shared by all who ask meanwhile. The resolver has
 * few threads and no time limit: without sharing, one name whose servers are silent would take them all.
 */
export function createResolve(): Resolve {
  const pending = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname) => {
    const known = pending.get(hostname);
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<readonly LookupAddress[]>();
    pending.set(hostname, promise);
    systemLookup(hostname, { all: true }, (error, addresses) => {
      pending.delete(hostname);
      if (error === null) resolve(addresses);
      else reject(error);
    });
    return promise;
  };
}
