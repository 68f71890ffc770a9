// The load's own ceiling: a server that answers constant bytes and hardly looks at what it was asked.
//
// `constant.ts [operations]`: with a number, requests in bulk that have so many each. Only there to show that the load is
// not what is measured: it has to reach far more here than anywhere else. It knows an acquire from a release, of single
// ones by the first byte; those of one request in bulk are all of one kind, as its loops take and free their locks together.

import { createServer, type Socket } from 'node:net';

const ID = 'lse_AAAAAAAAAAAAAAAAAAAAAAAA';
const INSTANT = '2026-01-01T00:00:00.000Z';
const LEASE = {
  id: ID, state: 'held', locks: [{ name: 'bench-1', mode: 'exclusive', permits: 1 }], owner: 'bench', fencingToken: 1_000_000, ttlMs: 30_000,
  grantedAt: INSTANT, expiresAt: INSTANT, expiresInMs: 29_998, elapsedMs: 2, renewAfterMs: 10_000, waitedMs: 0,
};
const POST = 80;
const ACQUIRE = '"acquire"';
/** The end of a request in bulk; nothing else in it ends so. */
const BULK_END = ']}';

const operations = Number(process.argv[2] ?? 0);

function answered(status: string, body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
}

function answerSingly(socket: Socket): void {
  const granted = answered('201 Created', LEASE);
  const released = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
  socket.on('data', (asked) => { socket.write(asked[0] === POST ? granted : released); });
}

function answerInBulk(socket: Socket): void {
  const granted = answered('200 OK', { results: Array.from({ length: operations }, () => ({ status: 201, body: LEASE })) });
  const released = answered('200 OK', { results: Array.from({ length: operations }, () => ({ status: 204 })) });
  let isAcquire = false;
  socket.on('data', (asked) => {
    isAcquire ||= asked.includes(ACQUIRE);
    if (!asked.toString('latin1').endsWith(BULK_END)) return;
    socket.write(isAcquire ? granted : released);
    isAcquire = false;
  });
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  if (operations > 0) answerInBulk(socket);
  else answerSingly(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  const bound = server.address();
  if (typeof bound === 'object' && bound !== null) console.log(JSON.stringify({ address: `http://127.0.0.1:${bound.port}` }));
});
