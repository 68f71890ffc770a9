// Operations: health, metrics and the documents. All but the metrics are open.

import { readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';
import { sendProblem } from './answers.ts';
import { operation } from './docs.ts';
import type { Edge, Routes } from './edge.ts';
import { workersHealth } from './health.ts';
import { Live, Ready, type LiveBody, type ReadyBody } from './ops-schemas.ts';
import { isProblemCode, problem, type ProblemCode } from './problems.ts';
import { Refused } from './refused.ts';
import { ref } from './schemas.ts';
import { Type } from './type.ts';

const PROBLEMS_DOCUMENT = new URL('../../openapi/problems.md', import.meta.url);

const READY_EXAMPLE = { status: 'ready', workers: { status: 'ready', functions: 3, lost: 0, broken: [] } };

export function opsRoutes(app: Routes, edge: Edge): void {
  healthRoutes(app, edge);
  problemRoutes(app);
}

function healthRoutes(app: Routes, edge: Edge): void {
  app.get('/health/live', {
    schema: { ...operation('getLive', 'Operations', 'Whether the process answers', 'Restart the process when it does not.'), response: { 200: ref(Live) } },
    exposeHeadRoute: true,
    config: { open: true, docs: { problems: [], example: { response: { status: 'live' } } } },
  }, (_request, reply) => { answerPlainly(reply, { status: 'live' }); });

  app.get('/health/ready', {
    schema: {
      ...operation('getReady', 'Operations', 'Whether to send requests here', '200 while the service takes requests, 503 while it stops. Failing workers show in the body and leave it 200, for the sake of the locks.'),
      response: { 200: ref(Ready) },
    },
    exposeHeadRoute: true,
    config: { open: true, docs: { problems: ['shutting_down'], example: { response: READY_EXAMPLE } } },
  }, (_request, reply) => {
    if (edge.engine.state.phase !== 'serving') return void sendProblem(reply, problem('shutting_down'));
    return answerPlainly(reply, { status: 'ready', workers: workersHealth(edge.engine.state) });
  });

  app.get('/metrics', {
    schema: {
      ...operation('getMetrics', 'Operations', 'Metrics for Prometheus', 'Every metric of the service begins with `holdfast_`; those of the process are beside them.'),
      produces: ['text/plain'],
      response: { 200: Type.String({ description: 'In the text format of Prometheus.' }) },
    },
    config: { docs: { problems: [], example: { response: 'holdfast_lock_waiters{lock="orders/42"} 2\n' } } },
  }, async (_request, reply) => reply.type(edge.telemetry.contentType).send(await edge.telemetry.metrics()));
}

/** Without a serializer of its schema, as they ask first and often: the answer to whether it is ready compiles nothing. */
function answerPlainly(reply: FastifyReply, body: LiveBody | ReadyBody): void {
  reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function problemRoutes(app: Routes): void {
  const entries = readEntries();
  app.get('/problems/:code', {
    schema: {
      ...operation('getProblem', 'Operations', 'What a problem means', 'What the `type` of every problem resolves to: the meaning of a code, its cause, and what to do.'),
      params: Type.Object({ code: Type.String({ description: 'The code of the problem.' }) }),
      produces: ['text/markdown'],
      response: { 200: Type.String({ description: 'The entry, in Markdown.' }) },
    },
    config: { open: true, docs: { problems: ['not_found'], example: { response: entries.get('lock_held') ?? '' } } },
  }, (request, reply) => {
    const { code } = request.params;
    const entry = isProblemCode(code) ? entries.get(code) : undefined;
    if (entry === undefined) throw new Refused('not_found');
    reply.type('text/markdown; charset=utf-8').send(entry);
  });
}

/** The entries of openapi/problems.md: each begins with a heading that is its code. */
function readEntries(): ReadonlyMap<ProblemCode, string> {
  const entries = new Map<ProblemCode, string>();
  for (const entry of readFileSync(PROBLEMS_DOCUMENT, 'utf8').split(/^(?=## )/mu)) {
    const code = /^## `(?<code>[a-z_]+)`/u.exec(entry)?.groups?.['code'];
    if (code !== undefined && isProblemCode(code)) entries.set(code, `${entry.trim()}\n`);
  }
  return entries;
}
