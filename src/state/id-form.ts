// Id form: what the ids of leases and batches look like, wherever one is minted or comes in.

/** Characters of base64url behind the prefix: 144 random bits. */
export const ID_CHARS = 24;

export function idPattern(prefix: 'lse' | 'bat'): string {
  return `^${prefix}_[A-Za-z0-9_-]{${ID_CHARS}}$`;
}

const LEASE_ID = new RegExp(idPattern('lse'), 'u');

export function isLeaseId(text: string): boolean {
  return LEASE_ID.test(text);
}
