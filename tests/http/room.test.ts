// Room: large bodies that come at once share a bounded memory, and what finds no room is told when to come again.

import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { parseBodies } from '../../src/routes/body.ts';
import { answerError } from '../../src/routes/errors.ts';
import { roomFor } from '../../src/routes/room.ts';
import { ask, refused, sharedEdge } from './edge.ts';
import { RawConnection } from './raw.ts';

const BYTES_MAX = 1_000;
const NO_LOG = { isLevelEnabled: () => false, debug: () => undefined, error: () => undefined };
const edge = sharedEdge();

/** A server with one route that takes large bodies, and its port. */
async function listening(onTestFinished: (action: () => Promise<void>) => void, bytesMax = BYTES_MAX): Promise<number> {
  const app: FastifyInstance = fastify();
  parseBodies(app);
  app.setErrorHandler<FastifyError>((error, request, reply) => { answerError(NO_LOG, error, request, reply); });
  app.post('/', roomFor(bytesMax), async () => ({ taken: true }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return Number(new URL(app.listeningOrigin).port);
}

/** Begins a body and does not end it. */
async function begin(port: number, bytes: number, framing = `Content-Length: ${bytes + 1}`): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  const body = '{'.padEnd(bytes, ' ');
  connection.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${framing}\r\n\r\n${framing.includes('chunked') ? `${bytes.toString(16)}\r\n${body}\r\n` : body}`);
  return connection;
}

test.for(['Content-Length: 601', 'Transfer-Encoding: chunked'])('a body (%s) that finds no room is refused, what comes behind it on its connection is not, and those before it are taken', async (framing, { onTestFinished }) => {
  const port = await listening(onTestFinished);
  const first = await begin(port, 600);
  const second = await begin(port, 600, framing);
  expect(await second.until('"code":"overloaded"')).toMatch(/^HTTP\/1\.1 503 /u);
  second.send(framing.includes('chunked') ? '1\r\n}\r\n0\r\n\r\n' : '}');
  second.request('POST', '/', '{}');
  expect(await second.until('"taken":true')).toMatch(/HTTP\/1\.1 200 /u);
  second.hangUp();
  first.send('}');
  expect(await first.until('taken')).toMatch(/^HTTP\/1\.1 200 /u);
  first.hangUp();
});

test('a body that is too long though there is room is read to its end, and its connection may be used again', async ({ onTestFinished }) => {
  const bytes = 4 * 1_048_576;
  const port = await listening(onTestFinished, 10 * bytes);
  const connection = await begin(port, bytes);
  connection.send('}');
  connection.request('POST', '/', '{}');
  expect(await connection.until('"taken":true')).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 /su);
  connection.hangUp();
});

test('there is room again when a body was read, was refused, or its client is gone', async ({ onTestFinished }) => {
  const port = await listening(onTestFinished);
  const gone = await begin(port, 900);
  await (await begin(port, 900)).until('overloaded');
  gone.hangUp();
  await gone.closed();
  for (const end of ['}', '}', ']', '}']) {
    let answer = 'overloaded';
    // The service hears of the hang-up a moment later.
    while (answer.includes('overloaded')) {
      const next = await begin(port, 900);
      next.send(end);
      answer = await next.until('}');
      next.hangUp();
    }
    expect(answer).toContain(end === '}' ? '"taken":true' : 'malformed_json');
  }
});

test('a length that is only said takes no room', async ({ onTestFinished }) => {
  const port = await listening(onTestFinished);
  const liars = await Promise.all(Array.from({ length: 5 }, () => begin(port, 1, 'Content-Length: 999')));
  const honest = await begin(port, 900);
  honest.send('}');
  expect(await honest.until('taken')).toMatch(/^HTTP\/1\.1 200 /u);
  for (const liar of [...liars, honest]) liar.hangUp();
});

test('a batch is read through the room', async () => {
  edge.engine.script = () => refused({ code: 'functions_unknown' });
  const { body } = await ask(edge, 'POST', '/v1/batches', { function: 'f', items: ['x'.repeat(1_000_000)] });
  expect([body['code'], edge.engine.asked.length]).toEqual(['functions_unknown', 1]);
});
