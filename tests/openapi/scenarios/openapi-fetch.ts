// The story through openapi-fetch, with the types that openapi-typescript wrote.

import createClient from 'openapi-fetch';
import type { paths } from './holdfast.ts';
import { tell } from './story.ts';

const holdfast = createClient<paths>({ baseUrl: process.env['HOLDFAST'] ?? '' });

type Held = paths['/v1/locks/{lock}/leases']['post']['responses'][423]['content']['application/problem+json'];

await tell({
  async acquire(lock, body, key) {
    const { data, error, response } = await holdfast.POST('/v1/locks/{lock}/leases', { params: { path: { lock }, header: { 'Idempotency-Key': key } }, body });
    if (data !== undefined) return { lease: data };
    if (response.status !== 423) throw new Error(error.detail);
    const problem: Held = error;
    // @ts-expect-error -- the specification has no such member
    void problem.holder;
    return { problem };
  },
  async renew(lease, ttlMs) {
    const { data, error } = await holdfast.POST('/v1/leases/{lease}/renew', { params: { path: { lease } }, body: { ttlMs } });
    return data === undefined ? { problem: error } : { lease: data };
  },
  async release(lease) {
    const { response } = await holdfast.DELETE('/v1/leases/{lease}', { params: { path: { lease } } });
    return response.status;
  },
  async waiters(lock) {
    const { data } = await holdfast.GET('/v1/locks/{lock}/waiters', { params: { path: { lock } } });
    return (data?.waiters ?? []).map(({ owner = '' }) => owner);
  },
  async submit(body) {
    const { data, error } = await holdfast.POST('/v1/batches', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body });
    if (data === undefined) throw new Error(error.detail);
    return data;
  },
  async follow(batch, waitMs) {
    const { data, error } = await holdfast.GET('/v1/batches/{batch}', { params: { path: { batch }, query: { waitMs } } });
    if (data === undefined) throw new Error(error.detail);
    return data;
  },
  async results(batch) {
    const { data, error } = await holdfast.GET('/v1/batches/{batch}/results', { params: { path: { batch } } });
    if (data === undefined) throw new Error(error.detail);
    return data.results;
  },
});
