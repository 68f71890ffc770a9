// Load: connections that stay open, first idle, then each waiting for one lock that another of them holds.
//
// `wait.ts <address>`; asked to connect so many, or to let those that do not wait yet wait for a lock, it answers when it is so.

import { setTimeout as delay } from 'node:timers/promises';
import { acquire, get } from '../load/requests.ts';
import { serve } from '../load/serve.ts';
import { unexpected, Wire } from '../load/wire.ts';

const WAIT_MS = 240_000;
const TTL_MS = 600_000;
const CONNECT_AT_ONCE = 500;
const POLL_MS = 20;

export type Asked = { readonly connect: number } | { readonly wait: string };

const [address = ''] = process.argv.slice(2);
const url = new URL(address);
const once = get(url, '/health/live');
const idle: Wire[] = [];

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

async function waiters(lock: string): Promise<number> {
  const { waiters: count = 0 }: { waiters?: number } = JSON.parse(await (await fetch(`${address}/v1/locks/${lock}`)).text());
  return count;
}

async function wait(lock: string): Promise<void> {
  const request = acquire(url, lock, { ttlMs: TTL_MS, waitMs: WAIT_MS });
  const wires = idle.splice(0);
  for (const wire of wires) wire.send(request);
  while ((await waiters(lock)) < wires.length - 1) await delay(POLL_MS);
}

async function connect(count: number): Promise<void> {
  for (let left = count; left > 0; left -= CONNECT_AT_ONCE) {
    idle.push(...(await Promise.all(Array.from({ length: Math.min(left, CONNECT_AT_ONCE) }, connected))));
  }
}

await serve(async (asked: Asked) => {
  if ('wait' in asked) await wait(asked.wait);
  else await connect(asked.connect);
  return {};
});
