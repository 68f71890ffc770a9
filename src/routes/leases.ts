// Leases: acquire, follow, renew, release.

import { WAIT_MS_MAX } from '../limits.ts';
import { ACQUIRE_ROUTE, acquisition } from './acquisition.ts';
import { accepted } from './answers.ts';
import { answering } from './ask.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { LEASE_EXAMPLE, TICKET_EXAMPLE } from './examples.ts';
import { idempotencyKey, prefersAsync } from './headers.ts';
import { answerLease, type WriteLease } from './lease-answer.ts';
import { Acquire, Lease, Renew } from './lease-schemas.ts';
import { leaseBody } from './lease-view.ts';
import { Refused } from './refused.ts';
import { Empty, LeaseParams, LockParams, ref, WaitQuery } from './schemas.ts';
import { integers } from './validation.ts';

export function leaseRoutes(app: Routes, edge: Edge): void {
  acquireRoute(app, edge);
  holdRoutes(app, edge);
}

function acquireRoute(app: Routes, edge: Edge): void {
  app.post(ACQUIRE_ROUTE, {
    schema: {
      ...operation(
        'acquireLock', 'Leases', 'Acquire a lock',
        'Grants the lock if it is free, or after waiting in line for up to `waitMs`: first come, first served. With `Prefer: respond-async` the place in line is a ticket, kept without a connection.',
      ),
      params: LockParams,
      body: ref(Acquire),
      response: { 201: ref(Lease), 202: ref(Lease) },
    },
    config: {
      docs: {
        problems: ['lock_held', 'wait_timed_out', 'wait_queue_full', 'too_many_leases', 'lease_lost', 'idempotency_key_reused', 'lock_name_invalid'],
        example: { request: { owner: 'worker-7', ttlMs: 30_000, waitMs: 10_000 }, response: LEASE_EXAMPLE, byStatus: { 202: TICKET_EXAMPLE } },
        headers: ['Idempotency-Key', 'Prefer'],
        answers: ['Location', 'Preference-Applied'],
      },
    },
  }, (request, reply) => {
    const { waitMs = 0 } = request.body;
    const { lock } = request.params;
    const respondAsync = prefersAsync(request);
    checkWait(waitMs, respondAsync);
    const question = acquisition(lock, request.body, respondAsync && waitMs > 0, idempotencyKey(request, lock));
    answerLease(edge, reply, question, respondAsync ? writeAcquiredAsync : writeAcquired);
  });
}

function checkWait(waitMs: number, respondAsync: boolean): void {
  if (waitMs <= WAIT_MS_MAX || respondAsync) return;
  throw new Refused('invalid_request', { pointer: '/waitMs', detail: `The member /waitMs must be <= ${WAIT_MS_MAX}; a ticket, with Prefer: respond-async, may wait longer.` });
}

const writeAcquired: WriteLease = (reply, view, reading) => {
  reply.code(view.lease.state === 'held' ? 201 : 202).header('location', `/v1/leases/${view.lease.id}`);
  writeLease(reply, view, reading);
};

const writeAcquiredAsync: WriteLease = (reply, view, reading) => {
  if (view.lease.state === 'waiting') reply.header('preference-applied', 'respond-async');
  writeAcquired(reply, view, reading);
};

const writeLease: WriteLease = (reply, view, reading) => {
  reply.header('cache-control', 'no-store').send(leaseBody(view, reading, reply.request.exchange.arrivedAt));
};

function holdRoutes(app: Routes, edge: Edge): void {
  app.get('/v1/leases/:lease', {
    schema: {
      ...operation('getLease', 'Leases', 'Show or follow a lease', 'Answers at once, unless the lease waits: then when it no longer does, or when `waitMs` is over. Reading a ticket keeps it.'),
      params: LeaseParams,
      querystring: WaitQuery,
      response: { 200: ref(Lease) },
    },
    preValidation: integers('waitMs'),
    config: { docs: { problems: ['lease_not_found'], example: { response: LEASE_EXAMPLE } } },
  }, (request, reply) => {
    const { waitMs = 0 } = request.query;
    answerLease(edge, reply, { kind: 'readLease', lease: request.params.lease, waitMs }, writeLease);
  });

  app.post('/v1/leases/:lease/renew', {
    schema: {
      ...operation('renewLease', 'Leases', 'Renew a lease', 'From now it lasts `ttlMs` again. A lease that is over cannot be renewed.'),
      params: LeaseParams,
      body: ref(Renew),
      response: { 200: ref(Lease) },
    },
    config: { docs: { problems: ['lease_lost', 'lease_not_found', 'lease_not_held'], example: { request: { ttlMs: 30_000 }, response: LEASE_EXAMPLE } } },
  }, (request, reply) => {
    answerLease(edge, reply, { kind: 'renew', lease: request.params.lease, ttlMs: request.body.ttlMs }, writeLease);
  });

  app.delete('/v1/leases/:lease', {
    schema: {
      ...operation('releaseLease', 'Leases', 'Release a lease', 'Frees the lock for who is next; a place in line is left. Releasing twice is answered like once.'),
      params: LeaseParams,
      body: ref(Empty),
    },
    config: { docs: { problems: ['lease_lost', 'lease_not_found'], noContent: 'It is released.', example: {} } },
  }, (request, reply) => {
    edge.engine.submit({ kind: 'release', lease: request.params.lease }, answering(reply, (told) => {
      if (accepted(edge, reply, told, 'done') !== undefined) reply.code(204).header('cache-control', 'no-store').send();
    }));
    edge.engine.hasten();
  });
}
