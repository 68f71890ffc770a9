// The load's own ceiling: a server that answers constant bytes without looking at what it was asked.
//
// Only there to show that the load is not what is measured: it has to reach far more here than anywhere else. It knows
// an acquire from a release by the first byte, and nothing else of either.

import { createServer } from 'node:net';

const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const INSTANT = '2026-01-01T00:00:00.000Z';
const BODY = JSON.stringify({
  id: ID, state: 'held', locks: [{ name: 'bench-1', mode: 'exclusive', permits: 1 }], owner: 'bench', fencingToken: 1_000_000, ttlMs: 30_000,
  grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
});
const GRANTED = Buffer.from(`HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`);
const RELEASED = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
const POST = 80;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (asked) => { socket.write(asked[0] === POST ? GRANTED : RELEASED); }).on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) console.log(JSON.stringify({ address: `http://127.0.0.1:${bound.port}` }));
});
