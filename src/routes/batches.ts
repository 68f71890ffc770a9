// Batches: submit, follow, list, read results, cancel.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { BATCH_BODY_BYTES_MAX, PAGE_DEFAULT, TIMEOUT_MS_DEFAULT } from '../limits.ts';
import type { BatchSubmission } from '../state/inputs.ts';
import { accepted } from './answers.ts';
import { ask } from './ask.ts';
import { Batch, BatchPage, ListBatchesQuery, ResultPage, SubmitBatch } from './batch-schemas.ts';
import { batchBody, resultBody } from './batch-view.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { BATCH_EXAMPLE, ENDED_BATCH_EXAMPLE, RESULTS_EXAMPLE, SUBMIT_EXAMPLE, WAITED_BATCH_EXAMPLE } from './examples.ts';
import { idempotencyKey } from './headers.ts';
import { mintId } from './ids.ts';
import { Connection } from './connection.ts';
import { Refused } from './refused.ts';
import type { Room } from './room.ts';
import { BatchParams, Empty, PageQuery, ref, WaitQuery, type Shape } from './schemas.ts';
import { integers } from './validation.ts';

export function batchRoutes(app: Routes, edge: Edge, room: Room): void {
  readRoutes(app, edge);
  submitRoute(app, edge, room);
  resultRoutes(app, edge);
}

function submitRoute(app: Routes, edge: Edge, room: Room): void {
  app.post('/v1/batches', {
    schema: {
      ...operation(
        'submitBatch', 'Batches', 'Submit a batch',
        'Runs a function once for each item on the worker threads. Without `waitMs` the answer comes at once; with it when the batch has ended: with its results, or with the first failure as a problem.',
      ),
      body: ref(SubmitBatch),
      response: { 200: ref(Batch), 202: ref(Batch) },
    },
    bodyLimit: BATCH_BODY_BYTES_MAX,
    ...room,
    config: {
      docs: {
        problems: [
          'function_not_found', 'lock_not_shareable', 'items_invalid', 'globals_invalid', 'callbacks_not_configured', 'address_not_allowed',
          'task_failed', 'batch_queue_full', 'functions_unknown', 'idempotency_key_reused', 'batch_forgotten', 'payload_damaged',
        ],
        example: { request: SUBMIT_EXAMPLE, response: BATCH_EXAMPLE, byStatus: { 200: WAITED_BATCH_EXAMPLE } },
        headers: ['Idempotency-Key'],
        answers: ['Location'],
      },
    },
  }, async (request, reply) => {
    const { waitMs } = request.body;
    checkCallbacks(edge, request.body);
    const key = idempotencyKey(request);
    // The body of a large batch has taken this turn of the loop to be read, and its step takes as long: a whole turn lies
    // between, in which others are read and what has arrived is stepped.
    await nextTurn();
    await nextTurn();
    const connection = new Connection(edge, reply);
    const answer = ask(connection, { kind: 'submitBatch', batch: submission(request.body), waitMs, key });
    if (waitMs !== undefined) connection.wait();
    const done = accepted(edge, reply, await answer, 'batch');
    if (done === undefined) return reply;
    const ended = waitMs !== undefined && done.view.batch.endedAt !== undefined;
    return reply.code(ended ? 200 : 202).header('location', `/v1/batches/${done.view.batch.id}`).send(batchBody(done.view, edge.payloads));
  });
}

function submission(body: Shape<typeof SubmitBatch>): BatchSubmission {
  const { call = 'map', timeoutMs = TIMEOUT_MS_DEFAULT, items, chunkSize, initializer, globals, callback, errorCallback } = body;
  return {
    id: mintId('bat_'),
    delivery: mintId('dlv_'),
    function: body.function,
    call, items, chunkSize, globals, timeoutMs, callback, errorCallback,
    initializer: initializer && { function: initializer.function, args: initializer.args ?? [] },
  };
}

function checkCallbacks(edge: Edge, body: Shape<typeof SubmitBatch>): void {
  for (const member of ['callback', 'errorCallback'] as const) {
    const url = body[member]?.url;
    if (url === undefined) continue;
    if (!edge.callbacks) throw new Refused('callbacks_not_configured', { pointer: `/${member}` });
    const check = edge.checkCallbackUrl(url);
    if (check.ok) continue;
    const code = check.refused === 'url_invalid' ? 'invalid_request' : check.refused;
    throw new Refused(code, { pointer: `/${member}/url`, detail: `The member /${member}/url is refused: ${check.reason}.` });
  }
}

function readRoutes(app: Routes, edge: Edge): void {
  app.get('/v1/batches', {
    schema: {
      ...operation('listBatches', 'Batches', 'List batches', 'The newest first, without their results. A page of a list by state may be short.'),
      querystring: ListBatchesQuery,
      response: { 200: ref(BatchPage) },
    },
    preValidation: integers('limit'),
    config: { docs: { problems: ['cursor_invalid'], example: { response: { batches: [BATCH_EXAMPLE] } } } },
  }, async (request, reply) => {
    const { state, limit = PAGE_DEFAULT, cursor } = request.query;
    const answer = ask(edge.engine, { kind: 'listBatches', state, limit, cursor: decodeCursor(cursor) });
    const done = accepted(edge, reply, await answer, 'batches');
    if (done === undefined) return reply;
    return reply.send({ batches: done.views.map((view) => batchBody(view, edge.payloads)), nextCursor: encodeCursor(done.nextCursor) });
  });

  app.get('/v1/batches/:batch', {
    schema: {
      ...operation('getBatch', 'Batches', 'Show or follow a batch', 'Answers at once, or with `waitMs` when the batch has ended or the time is over.'),
      params: BatchParams,
      querystring: WaitQuery,
      response: { 200: ref(Batch) },
    },
    preValidation: integers('waitMs'),
    config: { docs: { problems: ['batch_not_found'], example: { response: ENDED_BATCH_EXAMPLE } } },
  }, async (request, reply) => {
    const { waitMs = 0 } = request.query;
    const connection = new Connection(edge, reply);
    const answer = ask(connection, { kind: 'readBatch', batch: request.params.batch, waitMs });
    if (waitMs > 0) connection.wait();
    return sendBatch(edge, reply, accepted(edge, reply, await answer, 'batch'));
  });

  app.post('/v1/batches/:batch/cancel', {
    schema: {
      ...operation('cancelBatch', 'Batches', 'Cancel a batch', 'What is queued never starts; what runs is told, and stopped if it does not end. A batch that has ended stays as it is.'),
      params: BatchParams,
      body: ref(Empty),
      response: { 200: ref(Batch) },
    },
    config: { docs: { problems: ['batch_not_found'], example: { response: { ...ENDED_BATCH_EXAMPLE, state: 'cancelled' } } } },
  }, async (request, reply) => {
    const answer = ask(edge.engine, { kind: 'cancelBatch', batch: request.params.batch });
    return sendBatch(edge, reply, accepted(edge, reply, await answer, 'batch'));
  });
}

function sendBatch(edge: Edge, reply: FastifyReply, done: ReturnType<typeof accepted<'batch'>>): FastifyReply {
  return done === undefined ? reply : reply.send(batchBody(done.view, edge.payloads));
}

function resultRoutes(app: Routes, edge: Edge): void {
  app.get('/v1/batches/:batch/results', {
    schema: {
      ...operation('listResults', 'Batches', 'Read results', 'In the order of the items; every item, also one without a result yet. A page ends early where its results are large.'),
      params: BatchParams,
      querystring: PageQuery,
      response: { 200: ref(ResultPage) },
    },
    preValidation: integers('limit'),
    config: { docs: { problems: ['batch_not_found', 'cursor_invalid', 'payload_damaged'], example: { response: RESULTS_EXAMPLE } } },
  }, async (request, reply) => {
    const { limit = PAGE_DEFAULT, cursor } = request.query;
    const answer = ask(edge.engine, { kind: 'readResults', batch: request.params.batch, limit, cursor: decodeCursor(cursor) });
    const done = accepted(edge, reply, await answer, 'results');
    if (done === undefined) return reply;
    return reply.send({ results: done.results.map((result) => resultBody(result, edge.payloads)), nextCursor: encodeCursor(done.nextCursor) });
  });
}
