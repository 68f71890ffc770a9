// Holder: a client process that takes locks, renews them, and is killed.
//
// Owns one connection to the service at `<port>` and the locks `<name>-0` and on, one for each TTL that follows. Writes
// a line before every request that asks for time, `<lock> asked`, and one after every answer that gave it some, `<lock>
// <ms>` by the clock that all processes of a machine share.

import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.ts';
import { sharedNow } from './shared-clock.ts';

const PATIENCE_MS = 10_000;
const RENEWALS_PER_TTL = 3;

const [port = '', name = '', ...ttls] = process.argv.slice(2);
/** Beside what it awaits, this keeps it there to be killed. */
setInterval(() => undefined, PATIENCE_MS);

await Promise.all(ttls.map((ttl, nth) => hold(`${name}-${nth}`, Number(ttl))));

/** Until it is killed, or comes too late to renew on a machine that is too busy. */
async function hold(lock: string, ttlMs: number): Promise<void> {
  const connection = new Connection(() => Number(port));
  let lease = await post(connection, lock, `/v1/locks/${lock}/leases`, `{"ttlMs":${ttlMs}}`);
  while (lease !== undefined) {
    await delay(ttlMs / RENEWALS_PER_TTL);
    lease = await post(connection, lock, `/v1/leases/${lease}/renew`, '{}');
  }
}

async function post(connection: Connection, lock: string, path: string, body: string): Promise<string | undefined> {
  process.stdout.write(`${lock} asked\n`);
  const answer = await connection.ask('POST', path, body, '', PATIENCE_MS);
  if ('lost' in answer || answer.status >= 300) return undefined;
  process.stdout.write(`${lock} ${sharedNow()}\n`);
  const { id }: { readonly id: string } = JSON.parse(answer.text);
  return id;
}
