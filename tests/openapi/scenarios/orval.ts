// The story through the functions that orval wrote.

import { acquireLock, getBatch, listResults, listWaiters, releaseLease, renewLease, submitBatch } from './holdfast-orval.ts';
import { tell } from './story.ts';

await tell({
  async acquire(lock, asked, key) {
    const answer = await acquireLock(lock, asked, { headers: { 'Idempotency-Key': key } });
    if (answer.status === 201) return { lease: answer.data };
    if (answer.status !== 423) throw new Error(`answered ${answer.status}`);
    const problem = answer.data;
    // @ts-expect-error -- the specification has no such member
    void problem.holder;
    return { problem };
  },
  async renew(lease, ttlMs) {
    const answer = await renewLease(lease, { ttlMs });
    return answer.status === 200 ? { lease: answer.data } : { problem: answer.data };
  },
  async release(lease) {
    const { status } = await releaseLease(lease);
    return status;
  },
  async waiters(lock) {
    const answer = await listWaiters(lock);
    return answer.status === 200 ? answer.data.waiters.map(({ owner = '' }) => owner) : [];
  },
  async submit(asked) {
    const answer = await submitBatch(asked, { headers: { 'Idempotency-Key': crypto.randomUUID() } });
    if (answer.status !== 202) throw new Error(`answered ${answer.status}`);
    return answer.data;
  },
  async follow(batch, waitMs) {
    const answer = await getBatch(batch, { waitMs });
    if (answer.status !== 200) throw new Error(answer.data.detail);
    return answer.data;
  },
  async results(batch) {
    const answer = await listResults(batch);
    if (answer.status !== 200) throw new Error(answer.data.detail);
    return answer.data.results;
  },
});
