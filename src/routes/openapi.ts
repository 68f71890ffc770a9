// OpenAPI: the specification, made from the routes.
//
// Owns the document: what is true of every operation is added here once. Does not own the schemas and words of any
// operation; those stand at its route.
//   O1. 3.0.3 is what is served, as most generators of clients take it; 3.1 says the same and is committed beside it.
//   O2. Every operation lists all its problems, and all of them have the one schema.

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { COMPILERS } from './compiling.ts';
import type { OperationDocs } from './docs.ts';
import { PAGES } from './documents.ts';
import type { Routes } from './edge.ts';
import { INSTANCE_EXAMPLE, OCCURRENCE_EXAMPLES } from './examples.ts';
import { problem, PROBLEMS, type ProblemCode } from './problems.ts';

interface Media {
  readonly schema: { readonly $ref?: string };
  example?: unknown;
}

interface Response {
  description: string;
  content?: Record<string, Media>;
  headers?: object;
}

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  parameters?: readonly object[];
  readonly requestBody?: { required?: boolean; readonly content: Record<string, Media> };
  responses: Record<string, Response>;
  security?: readonly object[];
}

/** As much of a document as is looked at here. */
export interface Specification {
  openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly required?: readonly string[] }> };
}

const PROBLEM_MEDIA_TYPE = 'application/problem+json';
/** What any operation may be refused with. */
const COMMON: readonly ProblemCode[] = ['malformed_http', 'origin_refused', 'unauthorized', 'internal_error'];
/** What any operation of the machine may be refused with beside that. */
const SERVED: readonly ProblemCode[] = ['invalid_request', 'overloaded', 'shutting_down'];
const WITH_BODY: readonly ProblemCode[] = ['malformed_json', 'body_too_large', 'unsupported_media_type', 'request_timeout'];

const HEADERS: Record<'Idempotency-Key' | 'Prefer', object> = {
  'Idempotency-Key': {
    name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', minLength: 1, maxLength: 255 }, example: 'order-42-attempt',
    description: 'Makes a retry safe: with the same key and body it is answered from what the first request brought about, as it is now.',
  },
  Prefer: {
    name: 'Prefer', in: 'header', required: false, schema: { type: 'string' }, example: 'respond-async',
    description: '`respond-async` asks for a ticket where the lock is not free, instead of a connection that waits.',
  },
};

/** Refusals that pass: they say when trying again may help. */
const RETRIED: ReadonlySet<number> = new Set([423, 429, 503]);

/** What answers say beside their bodies. */
const ANSWER_HEADERS = {
  Location: { description: 'The path of what the body shows; a lease id in it is a secret.', schema: { type: 'string', format: 'uri-reference' } },
  'Preference-Applied': { description: '`respond-async` where the answer is a ticket.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds until trying again may help.', schema: { type: 'integer', format: 'int32' } },
} as const;

const DESCRIPTION = [
  'Named locks with leases and fencing tokens, and batches of tasks that run under them.',
  'Every error is a problem as RFC 9457 has it, with a stable `code`; its `type` leads to an explanation on the service.',
  'Names of locks are percent-encoded in paths: `orders/42` is `/v1/locks/orders%2F42`.',
].join('\n\n');

const TAGS = [
  { name: 'Locks', description: 'Declare, list, show, delete and revoke locks.' },
  { name: 'Leases', description: 'Acquire a lock, and renew or release the lease on it.' },
  { name: 'Functions', description: 'What tasks can call.' },
  { name: 'Batches', description: 'Run a function over many items on worker threads.' },
  { name: 'Operations', description: 'Health, metrics and explanations.' },
];

/** A server that never listens: it has the routes in order to tell about them, and the pages that show what it tells. */
export async function createDescription(version: string, addRoutes: (app: Routes) => void): Promise<FastifyInstance> {
  const app = fastify({ exposeHeadRoutes: false, schemaController: { compilersFactory: COMPILERS } }).withTypeProvider<TypeBoxTypeProvider>();
  await describeRoutes(app, version);
  // Nothing is asked of the service here, where nobody checks who asks: the routes that come now only stand in the document.
  app.addHook('onRoute', (route) => {
    route.handler = (_request, reply) => { reply.callNotFound(); };
  });
  addRoutes(app);
  await app.ready();
  return app;
}

/** Registers what collects the routes. Comes before them. */
async function describeRoutes(app: Routes, version: string): Promise<void> {
  const docs = new Map<string, Described>();
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Holdfast', version, description: DESCRIPTION, license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' } },
      servers: [{ url: '/', description: 'This service.' }],
      tags: TAGS,
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'One of HOLDFAST_TOKENS, where those are set.' } } },
    },
    hideUntagged: true,
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => (typeof json['$id'] === 'string' ? json['$id'] : `def-${index}`) },
    transform: ({ schema, url, route }) => {
      if (route.config?.docs !== undefined && schema.operationId !== undefined) docs.set(schema.operationId, { ...route.config.docs, open: route.config.open });
      // 3.0 gives the body of a DELETE no meaning; the service only sees to it that there is nothing in it.
      const { body: _, ...rest } = schema;
      return { schema: route.method === 'DELETE' ? rest : schema, url };
    },
    transformObject: (found) => ('openapiObject' in found ? completed(found.openapiObject, docs) : found.swaggerObject),
  });
  await app.register(swaggerUi, { routePrefix: PAGES, staticCSP: true });
}

/** The same in OpenAPI 3.1, whose schemas are JSON Schema. (O1) */
export function in31(document: object): object {
  return { ...document, openapi: '3.1.0', jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base' };
}

interface Described extends OperationDocs {
  readonly open: boolean | undefined;
}

/** 3.0 has no word for a rule about the names of members. The service holds it all the same. */
function completed<Document extends object>(document: Document, docs: ReadonlyMap<string, Described>): Document {
  const plain = JSON.stringify(document, (name, value: unknown) => (name === 'propertyNames' ? undefined : value));
  const copy: Document & Specification = JSON.parse(plain);
  for (const path of Object.values(copy.paths)) {
    for (const found of Object.values(path)) {
      const said = docs.get(found.operationId ?? '');
      if (said !== undefined) completeOperation(found, said, copy);
    }
  }
  return copy;
}

function completeOperation(found: Operation, said: Described, document: Specification): void {
  if (said.noContent !== undefined) found.responses = { 204: { description: said.noContent } };
  giveExamples(found, said);
  for (const [status, response] of Object.entries(found.responses)) Object.assign(response, headersOf(status, said));
  if (found.requestBody !== undefined) found.requestBody.required = hasRequired(found.requestBody.content, document);
  if (said.headers !== undefined) found.parameters = [...(found.parameters ?? []), ...said.headers.map((name) => HEADERS[name])];
  found.security = said.open === true ? [] : [{}, { token: [] }];
  const byStatus = Map.groupBy(problemsOf(found, said), (code) => said.statuses?.[code] ?? PROBLEMS[code].status);
  for (const [status, codes] of [...byStatus].toSorted(([left], [right]) => left - right)) {
    const response = (found.responses[status] ??= { description: '' });
    response.description = [response.description, ...codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`)].filter(Boolean).join('\n');
    response.content = { ...response.content, [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' }, example: problemExample(status, codes) } };
    if (RETRIED.has(status)) response.headers = { 'Retry-After': ANSWER_HEADERS['Retry-After'] };
  }
}

function problemsOf(found: Operation, said: OperationDocs): readonly ProblemCode[] {
  const isMachine = found.tags?.[0] !== 'Operations';
  const all = [...said.problems, ...COMMON, ...(isMachine ? SERVED : []), ...(found.requestBody === undefined ? [] : WITH_BODY)];
  return [...new Set(all)].toSorted();
}

function headersOf(status: string, { answers = [] }: OperationDocs): Pick<Response, 'headers'> {
  const names = answers.filter((name) => name !== 'Preference-Applied' || status === '202');
  return names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, ANSWER_HEADERS[name]])) };
}

/** The first of the codes that a status may mean, as an answer shows it. */
function problemExample(status: number, [code]: readonly ProblemCode[]): object | undefined {
  return code && { ...problem(code, { ...OCCURRENCE_EXAMPLES[code], status }), instance: INSTANCE_EXAMPLE };
}

/** A body may be absent where `{}` is one. */
function hasRequired(content: Record<string, Media>, { components }: Specification): boolean {
  return Object.values(content).some(({ schema }) => components.schemas[schema.$ref?.split('/').at(-1) ?? '']?.required !== undefined);
}

function giveExamples(found: Operation, { example }: OperationDocs): void {
  const body = found.requestBody;
  if (body !== undefined) {
    for (const media of Object.values(body.content)) media.example = example.request ?? {};
  }
  for (const [status, response] of Object.entries(found.responses)) {
    if (!status.startsWith('2') || example.response === undefined) continue;
    for (const media of Object.values(response.content ?? {})) media.example = example.byStatus?.[status] ?? example.response;
  }
}
