// The story through the functions that @hey-api/openapi-ts wrote.

import { client } from './holdfast-functions/client.gen.ts';
import { acquireLock, getBatch, listResults, listWaiters, releaseLease, renewLease, submitBatch, type AcquireLockErrors } from './holdfast-functions/index.ts';
import { tell } from './story.ts';

client.setConfig({ baseUrl: process.env['HOLDFAST'] ?? '' });

function answered<Data>(data: Data | undefined, problem: { readonly detail: string } | undefined): Data {
  if (data === undefined) throw new Error(problem?.detail ?? 'no answer');
  return data;
}

await tell({
  async acquire(lock, body, key) {
    const { data, error, response } = await acquireLock({ path: { lock }, headers: { 'Idempotency-Key': key }, body });
    if (error === undefined) return { lease: answered(data, error) };
    if (response?.status !== 423) throw new Error(response === undefined ? 'there is no answer' : error.detail);
    const problem: AcquireLockErrors[423] = error;
    // @ts-expect-error -- the specification has no such member
    void problem.holder;
    return { problem };
  },
  async renew(lease, ttlMs) {
    const { data, error } = await renewLease({ path: { lease }, body: { ttlMs } });
    return error === undefined ? { lease: answered(data, error) } : { problem: error };
  },
  async release(lease) {
    const { response } = await releaseLease({ path: { lease } });
    return response?.status ?? 0;
  },
  async waiters(lock) {
    const { data } = await listWaiters({ path: { lock } });
    return (data?.waiters ?? []).map(({ owner = '' }) => owner);
  },
  async submit(body) {
    const { data, error } = await submitBatch({ headers: { 'Idempotency-Key': crypto.randomUUID() }, body });
    return answered(data, error);
  },
  async follow(batch, waitMs) {
    const { data, error } = await getBatch({ path: { batch }, query: { waitMs } });
    return answered(data, error);
  },
  async results(batch) {
    const { data, error } = await listResults({ path: { batch } });
    return answered(data, error).results;
  },
});
