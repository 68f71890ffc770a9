// Load: clients of PostgreSQL's advisory locks through `pg`, each on its own connection.
//
// `postgres-locks.ts <address> <clients> own|hot`; asked for a span it tells locks and unlocks per second, and how long
// hand-offs took where all want one lock. Such a lock is kept in memory and ends with its connection.

import { Client } from 'pg';
import { Handoffs } from '../load/handoffs.ts';
import { serve, type Span } from '../load/serve.ts';

const [address = '', clients = '', want = ''] = process.argv.slice(2);
const handoffs = new Handoffs();
const run = { isOver: false };

async function takeTurns(client: Client, lock: number): Promise<void> {
  while (!run.isOver) {
    await client.query({ name: 'lock', text: 'SELECT pg_advisory_lock($1)', values: [lock] });
    handoffs.granted();
    handoffs.released();
    await client.query({ name: 'unlock', text: 'SELECT pg_advisory_unlock($1)', values: [lock] });
  }
}

const all = Array.from({ length: Number(clients) }, () => new Client(address));
await Promise.all(all.map((client) => client.connect()));

await serve(async (span: Span) => {
  run.isOver = false;
  const turns = all.map((client, number) => takeTurns(client, want === 'hot' ? 0 : number + 1));
  const told = await handoffs.measure(span);
  run.isOver = true;
  await Promise.all(turns);
  handoffs.paused();
  return told;
});
