// Documents: the specification and the pages that show it.
//
// Owns when they are made: with the first request for one of them. What makes them is loaded then, too; most services are
// never asked.

import type { FastifyInstance } from 'fastify';
import { later } from '../later.ts';
import { operation } from './docs.ts';
import type { Routes } from './edge.ts';
import { SpecificationSchema } from './ops-schemas.ts';
import { Refused } from './refused.ts';
import { ref } from './schemas.ts';

/** Where the pages are. */
export const PAGES = '/docs';
/** What is passed on of a request for a page. */
const ASKED_HEADERS = ['accept', 'if-none-match', 'if-modified-since'] as const;
/** What is passed on of an answer with a page; the rest belongs to a connection. */
const PAGE_HEADERS = ['content-type', 'content-security-policy', 'cache-control', 'etag', 'last-modified', 'location'];

/** The server that describes the routes, once it is asked for. */
export type Description = () => Promise<FastifyInstance>;

/** `addRoutes` adds to a server what is to be described. */
export function describedLater(version: string, addRoutes: (app: Routes) => void): Description {
  return later(async () => {
    const { createDescription } = await import('./openapi.ts');
    return createDescription(version, addRoutes);
  });
}

export function specificationRoute(app: Routes, description: Description): void {
  app.get('/openapi.json', {
    schema: {
      ...operation('getSpecification', 'Operations', 'This specification', 'OpenAPI 3.0.3.'),
      response: { 200: ref(SpecificationSchema) },
    },
    config: { open: true, docs: { problems: [], example: { response: { openapi: '3.0.3' } } } },
  }, async (_request, reply) => reply.send((await description()).swagger()));
}

export function pageRoutes(app: Routes, description: Description): void {
  for (const url of [PAGES, `${PAGES}/*`]) {
    app.get(url, { config: { open: true } }, async ({ url: asked, headers }, reply) => {
      const path = pagePath(asked);
      if (path === undefined) throw new Refused('not_found');
      const page = await (await description()).inject({ url: path, headers: Object.fromEntries(ASKED_HEADERS.map((name) => [name, headers[name] ?? ''])) });
      if (page.statusCode >= 400) throw new Refused('not_found');
      for (const name of PAGE_HEADERS) if (page.headers[name] !== undefined) reply.header(name, page.headers[name]);
      return reply.code(page.statusCode).send(page.rawPayload);
    });
  }
}

/** The path that is asked for with all `..` walked, where that is one of the pages: they need nobody's permission, all else does. */
function pagePath(asked: string): string | undefined {
  const { pathname } = new URL(asked, 'http://pages');
  return pathname === PAGES || pathname.startsWith(`${PAGES}/`) ? pathname : undefined;
}
