// Waiting: a process whose clients wait for locks, one connection each, and release what they are granted.
//
// Started by crowd.ts with a port, the number of clients and the number of locks.
//   W1. Connections come from several loopback addresses: one has too few ports for more than about 28,000.
//   W2. A connection that the system closed before it was answered, as a busy one may, is opened again.
//   W3. A grant is released on the connection that it came on, so that the line moves on without another connection.

import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FromWaiting } from './crowd.ts';

const [port = 0, clients = 0, locks = 1] = process.argv.slice(2).map(Number);
const PER_ADDRESS = 5_000;
/** Connections that are opened at a time: fewer than a listening socket keeps for its process. */
const OPENING = 200;
const LEASE = /"id":"(?<id>lse_[\w-]+)"/u;

const sockets = new Set<Socket>();
let isOver = false;
let granted = 0;
let others = 0;

for (let nth = 0; nth < clients; nth += 1) {
  open(nth);
  if (nth % OPENING === OPENING - 1) await delay(20);
}
tell({ kind: 'sent' });
process.once('message', () => {
  isOver = true;
  for (const socket of sockets) socket.destroy();
  tell({ kind: 'done', granted, others });
  process.disconnect?.();
});

function open(nth: number): void {
  const body = '{"waitMs":240000,"ttlMs":60000}';
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + Math.floor(nth / PER_ADDRESS)}` });
  sockets.add(socket);
  let wasAnswered = false;
  socket.setEncoding('latin1').on('error', () => undefined).on('close', () => {
    sockets.delete(socket);
    if (!wasAnswered && !isOver) open(nth);
  });
  socket.write(`POST /v1/locks/crowd%2F${nth % locks}/leases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  socket.on('data', (text: string) => {
    wasAnswered = true;
    answer(socket, text);
  });
}

function answer(socket: Socket, text: string): void {
  const id = LEASE.exec(text)?.groups?.['id'];
  if (text.startsWith('HTTP/1.1 201 ') && id !== undefined) {
    granted += 1;
    socket.write(`DELETE /v1/leases/${id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  } else if (!text.startsWith('HTTP/1.1 204 ')) {
    others += 1;
  }
}

function tell(said: FromWaiting): void {
  process.send?.(said);
}
