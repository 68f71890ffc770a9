// Destination: which addresses may be called.
//
// Owns the rule and its reading of URLs and addresses. Does not own connecting (connector.ts asks it about each address).
//   D1. Only addresses of the public internet are callable, and those that the operator allowed by name of address.
//   D2. What cannot be read is not callable.
//   D3. A host name says nothing about its address until a connection is made: it passes here and is asked about there.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { CALLBACK_URL_CHARS_MAX } from '../limits.ts';

export type UrlCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly refused: 'url_invalid' | 'address_not_allowed'; readonly reason: string };

export interface DestinationRule {
  /** For the moment of submission. A name other than `localhost` passes, whatever it resolves to. (D3) */
  checkUrl(url: string): UrlCheck;
  /** For the moment of connection. `address` is an IPv4 or IPv6 address as text; anything else is not callable. */
  isCallable(address: string): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
interface Network {
  readonly base: Address;
  readonly bits: number;
}

const LOOPBACKS = ['127.0.0.1', '::1'];
/** All that has been given out of IPv6 for global use; `range()` calls `unicast` also what lies outside, `::7f00:1` for one. */
const GLOBAL_IPV6 = ipaddr.IPv6.parse('2000::');
const GLOBAL_IPV6_BITS = 3;
const MAPPED_BITS = 96;

/**
 * The rule with the operator's exceptions: `allow` has addresses (`10.1.2.3`, `::1`) and networks (`10.0.0.0/8`).
 * Throws an Error that names `HOLDFAST_WEBHOOK_ALLOW` and the first entry that is neither.
 */
export function createDestinationRule(allow: readonly string[]): DestinationRule {
  const networks = allow.map(parseNetwork);
  const isCallable = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== undefined && (isPublic(address) || networks.some((network) => contains(network, address)));
  };
  return { isCallable, checkUrl: (url) => checkUrl(url, isCallable) };
}

function checkUrl(text: string, isCallable: (address: string) => boolean): UrlCheck {
  if (text.length > CALLBACK_URL_CHARS_MAX) return invalid(`a callback URL has at most ${CALLBACK_URL_CHARS_MAX} characters`);
  const url = URL.parse(text);
  if (url === null) return invalid('a callback URL must be an absolute URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return invalid('a callback URL must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') return invalid('a callback URL must not carry a user name or a password');
  const addresses = addressesOf(url.hostname);
  if (addresses.length > 0 && !addresses.some(isCallable)) {
    return {
      ok: false,
      refused: 'address_not_allowed',
      reason: 'loopback, private and other special addresses may only be called where HOLDFAST_WEBHOOK_ALLOW lists them',
    };
  }
  return { ok: true };
}

/** The addresses that a URL's host stands for without asking anybody: itself, or loopback for `localhost`. (D3) */
function addressesOf(hostname: string): readonly string[] {
  const literal = literalAddress(hostname);
  if (literal !== undefined) return [literal];
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') ? LOOPBACKS : [];
}

/**
 * The address that a host of a parsed URL literally is, without brackets; `undefined` for a name. The URL parser has
 * turned every other spelling (`2130706433`, `0x7f.1`, `127.1`) into the usual one before.
 */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_IPV6, GLOBAL_IPV6_BITS);
}

function contains(network: Network, address: Address): boolean {
  return network.base.kind() === address.kind() && address.match(network.base, network.bits);
}

/** An IPv4 address in IPv6 clothes (`::ffff:127.0.0.1`) is read as the IPv4 address that it reaches. (D2) */
function parseAddress(text: string): Address | undefined {
  if (isIP(text) === 0) return undefined;
  try {
    return ipaddr.process(text);
  } catch {
    return undefined;
  }
}

function parseNetwork(entry: string): Network {
  const slash = entry.indexOf('/');
  const text = slash === -1 ? entry : entry.slice(0, slash);
  const written = parseAddress(text);
  if (written === undefined || text.includes('%')) throw notANetwork(entry);
  const writtenBits = isIP(text) === 4 ? 32 : 128;
  const bits = slash === -1 ? writtenBits : Number(/^\d{1,3}$/.exec(entry.slice(slash + 1))?.[0] ?? Number.NaN);
  if (!(bits <= writtenBits)) throw notANetwork(entry);
  if (writtenBits === 32 || written.kind() === 'ipv6') return { base: written, bits };
  if (bits < MAPPED_BITS) throw notANetwork(entry);
  return { base: written, bits: bits - MAPPED_BITS };
}

function notANetwork(entry: string): Error {
  return new Error(
    `HOLDFAST_WEBHOOK_ALLOW: ${JSON.stringify(entry)} is neither an address (10.1.2.3, ::1) nor a network (10.0.0.0/8, fd00::/8)`,
  );
}

function invalid(reason: string): UrlCheck {
  return { ok: false, refused: 'url_invalid', reason };
}
