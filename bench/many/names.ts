// Names: how the locks and leases are called that stand in a prepared data directory.

const LOCK_DIGITS = 7;
const LEASE_CHARS = 24;

export function lockName(number: number): string {
  return `lock-${String(number).padStart(LOCK_DIGITS, '0')}`;
}

/** Of the form that the service gives, and known to the load without asking. */
export function leaseId(number: number): string {
  return `lse_${String(number).padStart(LEASE_CHARS, '0')}`;
}
