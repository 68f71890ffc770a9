// A bulk is durable as a whole: what its answer said is there after a kill, whatever an acknowledgement is worth otherwise.

import { expect, test } from 'vitest';
import type { Answer, Lease } from '../contract.ts';
import type { HoldfastClient } from '../client.ts';
import { startService } from '../harness.ts';

interface Results {
  readonly results: readonly { readonly status: number; readonly body: Lease }[];
}

function bulk(client: HoldfastClient, operations: readonly object[]): Promise<Answer<Results>> {
  return client.ask<Results>('POST', '/v1/bulk', { json: { operations } });
}

test.concurrent.for(['flush', 'os'])('what the answer to a bulk said is there after a kill, with the durability %s', { timeout: 120_000 }, async (durability, context) => {
  const service = await startService(context, { environment: { HOLDFAST_DURABILITY: durability } });
  const acquires = Array.from({ length: 200 }, (_, n) => ({ op: 'acquire', lock: `lock-${n}`, ttlMs: 600_000 }));
  const acquired = (await bulk(service.client, acquires)).body.results.map(({ body }) => body);
  const [kept, released] = [acquired.slice(0, 100), acquired.slice(100)];
  await bulk(service.client, released.map(({ id }) => ({ op: 'release', lease: id })));

  const after = await service.killAndRestart();
  const renewed = (await bulk(after, kept.map(({ id }) => ({ op: 'renew', lease: id })))).body.results;
  expect(renewed.map(({ status, body }) => [status, body.id, body.fencingToken])).toEqual(kept.map(({ id, fencingToken }) => [200, id, fencingToken]));
  const again = (await bulk(after, acquires)).body.results;
  expect(again.map(({ status }) => status)).toEqual(acquires.map((_, n) => (n < 100 ? 423 : 201)));
  expect(Math.min(...again.slice(100).map(({ body }) => body.fencingToken))).toBeGreaterThan(acquired.at(-1)!.fencingToken);
});
