// Examples: what the specification shows. Each is valid by the schema of the place where it stands.

const HOLDER_EXAMPLE = {
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

export const BULK_EXAMPLE = {
  request: { operations: [{ op: 'acquire', lock: 'orders/42', owner: 'worker-7' }, { op: 'release', lease: 'lse_Vn8tR2cQ6yL0sHk4GdW9eJ1a' }] },
  response: { results: [{ status: 201, body: LEASE_EXAMPLE }, { status: 204 }] },
};

export const FUNCTION_EXAMPLE = { name: 'resize', description: 'Makes a smaller picture.', module: 'pictures.ts' };

export const SUBMIT_EXAMPLE = {
  function: 'resize', items: [{ picture: 'a.png', lock: { $lock: 'disk' } }, { picture: 'b.png', lock: { $lock: 'disk' } }],
  errorCallback: { url: 'https://example.com/hooks' },
};

export const BATCH_EXAMPLE = {
  id: 'bat_Yx1pQ8sD4mZk7VwJtN3uRb6C', state: 'queued', function: 'resize', call: 'map', chunkSize: 1,
  counts: { total: 2, pending: 2, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
  callbacks: [], createdAt: '2026-11-23T08:30:00.000Z',
};

const ERROR_EXAMPLE = { name: 'RangeError', message: 'the picture is too small', kind: 'error' };

export const ENDED_BATCH_EXAMPLE = {
  ...BATCH_EXAMPLE,
  state: 'failed',
  counts: { total: 2, pending: 0, running: 0, succeeded: 1, failed: 1, cancelled: 0 },
  error: ERROR_EXAMPLE,
  callbacks: [{ event: 'batch.failed', state: 'delivered', attempts: 1 }],
  startedAt: '2026-11-23T08:30:00.010Z',
  endedAt: '2026-11-23T08:30:01.310Z',
};

export const RESULTS_EXAMPLE = {
  results: [
    { index: 0, state: 'succeeded', value: { width: 64 }, logs: 'resized a.png\n', attempt: 1, durationMs: 640 },
    { index: 1, state: 'failed', error: ERROR_EXAMPLE, logs: '', attempt: 1, durationMs: 3 },
  ],
};
