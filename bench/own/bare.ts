// The server beside ours: a bare Fastify with the same two routes.
//
// It checks the same shapes and answers the same bytes, and has no lock, no queue, no journal and no hook: what Fastify
// itself costs.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { Acquire, Lease, LeasedLock } from '../../src/routes/lease-schemas.ts';
import { LeaseParams, LockParams, ref } from '../../src/routes/schemas.ts';

const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const INSTANT = '2026-01-01T00:00:00.000Z';

const app = fastify({ logger: false, ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } })
  .withTypeProvider<TypeBoxTypeProvider>();
for (const schema of [Acquire, Lease, LeasedLock]) app.addSchema(schema);

app.post('/v1/locks/:lock/leases', { schema: { params: LockParams, body: ref(Acquire), response: { 201: ref(Lease) } } }, (request, reply) => {
  reply.code(201).header('location', `/v1/leases/${ID}`).header('cache-control', 'no-store').send({
    id: ID, state: 'held', locks: [{ name: request.params.lock, mode: 'exclusive', permits: 1 }], owner: request.body.owner,
    fencingToken: 1_000_000, ttlMs: request.body.ttlMs ?? 0, grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
  });
});

app.delete('/v1/leases/:lease', { schema: { params: LeaseParams } }, (_request, reply) => reply.code(204).header('cache-control', 'no-store').send());

const address = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ address }));
