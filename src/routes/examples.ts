// Examples: what the specification shows. Each is valid by the schema of the place where it stands.

export const HOLDER_EXAMPLE = {
  owner: 'worker-7', fencingToken: 34, grantedAt: '2026-11-23T08:30:00.000Z', expiresAt: '2026-11-23T08:30:30.000Z',
};

export const LOCK_EXAMPLE = {
  name: 'orders/42', kind: 'mutex', description: 'One order at a time', labels: { team: 'billing' }, declared: true,
  state: 'locked', holders: [HOLDER_EXAMPLE], waiters: 2, createdAt: '2026-11-20T09:00:00.000Z',
};

export const WAITERS_EXAMPLE = {
  waiters: [{ position: 1, owner: 'worker-8', waitedMs: 1_250 }, { position: 2, owner: 'worker-9', waitedMs: 310 }],
};

export const LEASE_EXAMPLE = {
  id: 'lse_q3fJ0aYv1oT7mK2xWz5rB8cD', state: 'held', locks: [{ name: 'orders/42', mode: 'exclusive', permits: 1 }],
  owner: 'worker-7', fencingToken: 34, ttlMs: 30_000, grantedAt: '2026-11-23T08:30:00.000Z', expiresAt: '2026-11-23T08:30:30.000Z',
  expiresInMs: 29_996, elapsedMs: 4, renewAfterMs: 10_000, waitedMs: 0,
};
