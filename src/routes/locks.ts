// Locks: declare, list, show, delete, revoke.

import type { LockDeclaration } from '../state/inputs.ts';
import { PAGE_DEFAULT } from '../limits.ts';
import { accepted, type Statuses } from './answers.ts';
import { ask } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { idempotencyKey } from './headers.ts';
import { LOCK_EXAMPLE, WAITERS_EXAMPLE } from './examples.ts';
import { CreateLock, ListLocksQuery, Lock, LockPage, PutLock, RevokeLock, WaiterPage } from './lock-schemas.ts';
import { lockBody, waiterBody } from './lock-view.ts';
import { Empty, LockParams, PageQuery, ref, type Shape } from './schemas.ts';
import { integers } from './validation.ts';

/** A lock that is held is a conflict for whoever wants to change it, and locked only for whoever wants to have it. */
const HELD_IS_CONFLICT: Statuses = { lock_held: 409 };

export function lockRoutes(app: Routes, edge: Edge): void {
  readRoutes(app, edge);
  declareRoutes(app, edge);
  removeRoutes(app, edge);
}

function declaration(name: string, { kind = 'mutex', description = '', labels = {} }: Shape<typeof PutLock>): LockDeclaration {
  return { name, kind, description, labels };
}

function declareRoutes(app: Routes, edge: Edge): void {
  app.post('/v1/locks', {
    schema: {
      ...operation('createLock', 'Locks', 'Declare a lock', 'A declared lock is there until it is deleted, also while nobody holds it. Acquiring a name that nobody declared works too.'),
      body: ref(CreateLock),
      response: { 201: ref(Lock) },
    },
    config: {
      docs: {
        problems: ['lock_exists', 'lock_name_invalid', 'idempotency_key_reused', 'too_many_locks'],
        example: { request: { name: 'orders/42', description: 'One order at a time', labels: { team: 'billing' } }, response: LOCK_EXAMPLE },
        headers: ['Idempotency-Key'],
        answers: ['Location'],
      },
    },
  }, async (request, reply) => {
    const { name, ...rest } = request.body;
    const answer = ask(edge.engine, { kind: 'createLock', lock: declaration(name, rest), key: idempotencyKey(request) });
    const done = accepted(edge, reply, await answer, 'lock');
    if (done === undefined) return reply;
    return reply.code(201).header('location', `/v1/locks/${encodeURIComponent(name)}`).send(lockBody(done.lock, edge.engine.reading()));
  });

  app.put('/v1/locks/:lock', {
    schema: {
      ...operation('putLock', 'Locks', 'Declare a lock or replace its declaration', 'Takes the place of an earlier declaration, whole. Who holds the lock keeps it.'),
      params: LockParams,
      body: ref(PutLock),
      response: { 200: ref(Lock), 201: ref(Lock) },
    },
    config: { docs: { problems: ['lock_name_invalid', 'too_many_locks'], example: { request: { description: 'One order at a time' }, response: LOCK_EXAMPLE } } },
  }, async (request, reply) => {
    const { lock } = request.params;
    const answer = ask(edge.engine, { kind: 'putLock', lock: declaration(lock, request.body) });
    const done = accepted(edge, reply, await answer, 'lock');
    if (done === undefined) return reply;
    return reply.code(done.created ? 201 : 200).send(lockBody(done.lock, edge.engine.reading()));
  });
}

function readRoutes(app: Routes, edge: Edge): void {
  app.get('/v1/locks', {
    schema: {
      ...operation('listLocks', 'Locks', 'List locks', 'Declared locks, and those that somebody holds or waits for, in the order of their names. A page of a list by state may be short.'),
      querystring: ListLocksQuery,
      response: { 200: ref(LockPage) },
    },
    preValidation: integers('limit'),
    config: { docs: { problems: ['cursor_invalid'], example: { response: { locks: [LOCK_EXAMPLE], nextCursor: 'b3JkZXJzLzQy' } } } },
  }, async (request, reply) => {
    const { prefix = '', state, limit = PAGE_DEFAULT, cursor } = request.query;
    const answer = ask(edge.engine, { kind: 'listLocks', prefix, state, limit, cursor: decodeCursor(cursor) });
    const done = accepted(edge, reply, await answer, 'locks');
    if (done === undefined) return reply;
    const reading = edge.engine.reading();
    return reply.send({ locks: done.locks.map((lock) => lockBody(lock, reading)), nextCursor: encodeCursor(done.nextCursor) });
  });

  app.get('/v1/locks/:lock', {
    schema: {
      ...operation('getLock', 'Locks', 'Show a lock', 'Who holds it and how many wait. A lock that nobody declared is known while it is held or waited for.'),
      params: LockParams,
      response: { 200: ref(Lock) },
    },
    config: { docs: { problems: ['lock_not_found', 'lock_name_invalid'], example: { response: LOCK_EXAMPLE } } },
  }, async (request, reply) => {
    const answer = ask(edge.engine, { kind: 'showLock', name: request.params.lock });
    const done = accepted(edge, reply, await answer, 'lock');
    return done === undefined ? reply : reply.send(lockBody(done.lock, edge.engine.reading()));
  });

  app.get('/v1/locks/:lock/waiters', {
    schema: {
      ...operation('listWaiters', 'Locks', 'Show the line', 'Who waits for the lock, in the order in which they will get it.'),
      params: LockParams,
      querystring: PageQuery,
      response: { 200: ref(WaiterPage) },
    },
    preValidation: integers('limit'),
    config: { docs: { problems: ['lock_not_found', 'lock_name_invalid', 'cursor_invalid'], example: { response: WAITERS_EXAMPLE } } },
  }, async (request, reply) => {
    const { limit = PAGE_DEFAULT, cursor } = request.query;
    const answer = ask(edge.engine, { kind: 'listWaiters', name: request.params.lock, limit, cursor: decodeCursor(cursor) });
    const done = accepted(edge, reply, await answer, 'waiters');
    if (done === undefined) return reply;
    const reading = edge.engine.reading();
    return reply.send({ waiters: done.waiters.map((waiter) => waiterBody(waiter, reading)), nextCursor: encodeCursor(done.nextCursor) });
  });
}

function removeRoutes(app: Routes, edge: Edge): void {
  app.delete('/v1/locks/:lock', {
    schema: {
      ...operation('deleteLock', 'Locks', 'Delete a lock', 'Only while nobody holds it or waits for it. Fencing tokens go on rising when it is declared again.'),
      params: LockParams,
      body: ref(Empty),
    },
    config: { docs: { problems: ['lock_not_found', 'lock_held', 'lock_name_invalid'], statuses: HELD_IS_CONFLICT, noContent: 'It is gone.', example: {} } },
  }, async (request, reply) => {
    const answer = ask(edge.engine, { kind: 'deleteLock', name: request.params.lock });
    const done = accepted(edge, reply, await answer, 'done', HELD_IS_CONFLICT);
    return done === undefined ? reply : reply.code(204).send();
  });

  app.post('/v1/locks/:lock/revoke', {
    schema: {
      ...operation('revokeLock', 'Locks', 'Take a lock from its holder', 'The holder learns of it with its next call; protect what the lock guards by its fencing token. Whoever is next in line gets the lock.'),
      params: LockParams,
      body: ref(RevokeLock),
      response: { 200: ref(Lock) },
    },
    config: {
      docs: {
        problems: ['lock_held', 'lock_name_invalid'],
        statuses: HELD_IS_CONFLICT,
        example: { request: { fencingToken: 34, reason: 'the host is gone' }, response: { ...LOCK_EXAMPLE, state: 'unlocked', holders: [] } },
      },
    },
  }, async (request, reply) => {
    const { fencingToken, reason } = request.body;
    const answer = ask(edge.engine, { kind: 'revoke', name: request.params.lock, fencingToken, reason });
    const done = accepted(edge, reply, await answer, 'lock', HELD_IS_CONFLICT);
    return done === undefined ? reply : reply.send(lockBody(done.lock, edge.engine.reading()));
  });
}
