// Raw `node:http` with the same two routes: reads the body as JSON, checks nothing, answers the same bytes.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const INSTANT = '2026-01-01T00:00:00.000Z';
const LOCK = /^\/v1\/locks\/([^/]+)\/leases$/u;

const server = createServer((request, response) => {
  const lock = LOCK.exec(request.url ?? '')?.[1];
  if (request.method === 'DELETE') response.writeHead(204, { 'cache-control': 'no-store' }).end();
  else if (lock === undefined) response.writeHead(404).end();
  else grant(lock, request, response);
});

function grant(lock: string, request: IncomingMessage, response: ServerResponse): void {
  let text = '';
  request.setEncoding('utf8').on('data', (part: string) => { text += part; }).once('end', () => {
    const { owner, ttlMs }: { owner: string; ttlMs: number } = JSON.parse(text);
    const body = JSON.stringify({
      id: ID, state: 'held', locks: [{ name: lock, mode: 'exclusive', permits: 1 }], owner, fencingToken: 1_000_000, ttlMs,
      grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
    });
    response.writeHead(201, {
      location: `/v1/leases/${ID}`, 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8', 'content-length': body.length,
    }).end(body);
  });
}

server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) console.log(JSON.stringify({ address: `http://127.0.0.1:${bound.port}` }));
});
