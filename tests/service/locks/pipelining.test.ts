// Pipelining: requests sent behind one that waits, on the same connection.

import { expect, test } from 'vitest';
import { RawConnection } from '../../http/raw.ts';
import { freshName, sharedService } from '../harness.ts';
import { lockPath } from '../client.ts';

const service = sharedService();
const LIVE = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
const DOCUMENT = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n';

function connected(): Promise<RawConnection> {
  return RawConnection.open(Number(new URL(service.client.http.origin).port));
}

function waitFor(lock: string, connection: RawConnection, behind = '', waitMs = 60_000): void {
  const body = JSON.stringify({ waitMs });
  connection.send(`POST ${lockPath(lock, '/leases')} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}${behind}`);
}

/** A connection whose acquire waits for a lock that somebody holds. */
async function waiting(lock: string): Promise<RawConnection> {
  const connection = await connected();
  waitFor(lock, connection);
  await service.client.waitersReach(lock, 1);
  return connection;
}

test.for([
  ['one request', [LIVE]],
  ['many requests at once', [LIVE.repeat(1_000)]],
  ['many requests, piece by piece', Array.from({ length: 40 }, () => LIVE.repeat(25))],
  ['requests with long answers', Array.from({ length: 5 }, () => DOCUMENT)],
] as const)('a client that sent %s behind its acquire and hangs up leaves the line', async ([, pieces]) => {
  const lock = freshName();
  await service.client.hold(lock);
  const connection = await waiting(lock);
  for (const piece of pieces) {
    connection.send(piece);
    await service.client.lock(lock);
  }
  connection.hangUp();
  await service.client.waitersReach(lock, 0);
  expect(await service.client.waiterCount(lock)).toBe(0);
});

test('a client that sent all at once, its acquire first, and hangs up leaves the line or never joins it', async () => {
  const lock = freshName();
  await service.client.hold(lock);
  const clients = await Promise.all(Array.from({ length: 20 }, async (_, nth) => {
    const connection = await connected();
    waitFor(lock, connection, LIVE.repeat(50 * nth));
    return connection;
  }));
  await service.client.lock(lock);
  for (const client of clients) client.hangUp();
  await service.client.waitersReach(lock, 0);
  expect(await service.client.waiterCount(lock)).toBe(0);
});

test('a client that was slow to read what it asked for before its acquire keeps its place', async () => {
  const lock = freshName();
  const { id } = await service.client.hold(lock);
  const connection = await connected();
  connection.socket.pause();
  connection.send(DOCUMENT.repeat(30));
  waitFor(lock, connection);
  await service.client.lock(lock);
  connection.socket.resume();
  await service.client.waitersReach(lock, 1);
  await service.client.release(id);
  expect(await connection.until('HTTP/1.1 201')).toContain('"fencingToken"');
  connection.hangUp();
});

test('many requests with long answers behind a wait that is short are all answered', async () => {
  const lock = freshName();
  await service.client.hold(lock);
  const connection = await connected();
  waitFor(lock, connection, DOCUMENT.repeat(5), 200);
  for (let nth = 0; nth < 5; nth += 1) {
    await service.client.lock(lock);
    connection.send(LIVE);
  }
  connection.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const answers = await connection.closed();
  expect([answers.match(/HTTP\/1\.1 423/gu)?.length, answers.match(/HTTP\/1\.1 200/gu)?.length]).toEqual([1, 11]);
});

test('a few requests behind an acquire are answered after it, in their order', async () => {
  const lock = freshName();
  const { id } = await service.client.hold(lock);
  const connection = await waiting(lock);
  connection.send(LIVE.repeat(3));
  await service.client.release(id);
  connection.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const answers = await connection.closed();
  expect(answers.match(/HTTP\/1\.1 \d+/gu)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200']);
});
