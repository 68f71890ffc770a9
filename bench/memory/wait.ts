// Load: connections that stay open, first idle, then each waiting for one lock that another of them holds.
//
// `wait.ts <address>`; asked to connect so many, or to let all of them wait, it answers when it is so.

import { setTimeout as delay } from 'node:timers/promises';
import { acquire, get } from '../load/requests.ts';
import { serve } from '../load/serve.ts';
import { unexpected, Wire } from '../load/wire.ts';

const WAIT_MS = 240_000;
const TTL_MS = 600_000;
const CONNECT_AT_ONCE = 500;
const POLL_MS = 20;

const [address = ''] = process.argv.slice(2);
const url = new URL(address);
const once = get(url, '/health/live');
const request = acquire(url, 'hot', { ttlMs: TTL_MS, waitMs: WAIT_MS });
const wires: Wire[] = [];

async function connected(): Promise<Wire> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wire = new Wire(url, (answer) => {
    if (answer.status >= 300) unexpected(answer);
    resolve();
  });
  await wire.connected;
  wire.send(once);
  await promise;
  return wire;
}

async function waiters(): Promise<number> {
  const { waiters: count = 0 }: { waiters?: number } = JSON.parse(await (await fetch(`${address}/v1/locks/hot`)).text());
  return count;
}

await serve(async (asked: { connect: number } | 'wait') => {
  if (asked === 'wait') {
    for (const wire of wires) wire.send(request);
    while ((await waiters()) < wires.length - 1) await delay(POLL_MS);
    return {};
  }
  for (let left = asked.connect; left > 0; left -= CONNECT_AT_ONCE) {
    wires.push(...(await Promise.all(Array.from({ length: Math.min(left, CONNECT_AT_ONCE) }, connected))));
  }
  return {};
});
