// The ceiling: Node's own server that answers the same bytes without looking at what it was asked.
//
// Only there to show that the load is not what is measured: it has to reach far more here than anywhere else.

import { createServer } from 'node:http';

const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const INSTANT = '2026-01-01T00:00:00.000Z';
const LEASE = JSON.stringify({
  id: ID, state: 'held', locks: [{ name: 'bench-1', mode: 'exclusive', permits: 1 }], owner: 'bench', fencingToken: 1_000_000, ttlMs: 30_000,
  grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
});

const server = createServer((request, response) => {
  if (request.method === 'DELETE') response.writeHead(204).end();
  else response.writeHead(201, { 'content-type': 'application/json', 'content-length': LEASE.length }).end(LEASE);
});
server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) console.log(JSON.stringify({ address: `http://127.0.0.1:${bound.port}` }));
});
