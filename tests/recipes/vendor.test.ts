// docs/recipes/vendor.md: its program on several machines, and a vendor that counts.

import { createServer, type RequestListener } from 'node:http';
import { expect, test, type TestContext } from 'vitest';
import { freshDirectory, freshName, sharedService } from '../service/harness.ts';
import { Machine } from './machine.ts';
import { writePrograms } from './page.ts';

const service = sharedService();
const PAUSE_MS = 250;
/** A timer may end a little early by the vendor's clock. */
const EARLY_MS_MAX = 2;
const MACHINES = 3;
const ORDERS = ['1', '2', '3'];

interface Visit { readonly cameAt: number; readonly alone: boolean; readonly sinceAnswerMs: number }

/** A vendor that notes how far each call is from the one before it. */
async function openVendor(context: TestContext, answer: (visits: number) => { readonly status: number; readonly headers: Record<string, string> }): Promise<{ readonly url: string; readonly visits: readonly Visit[] }> {
  const visits: Visit[] = [];
  let present = 0;
  let answeredAt = -Infinity;
  const serve: RequestListener = (request, response) => {
    const cameAt = performance.now();
    present += 1;
    visits.push({ cameAt, alone: present === 1, sinceAnswerMs: cameAt - answeredAt });
    setTimeout(() => {
      present -= 1;
      answeredAt = performance.now();
      const { status, headers } = answer(visits.length);
      response.writeHead(status, headers).end(request.url);
    }, 20);
  };
  const server = createServer(serve).listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.once('listening', resolve); });
  context.onTestFinished(async () => { await new Promise((resolve) => { server.close(resolve).closeAllConnections(); }); });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, visits };
}

function order(context: TestContext, vendor: string): readonly Machine[] {
  const directory = freshDirectory(context);
  writePrograms('vendor.md', directory, { 'vendors/acme': freshName('vendors/') });
  return Array.from({ length: MACHINES }, () =>
    new Machine(context, { directory, program: 'orders.js', args: ORDERS, env: { HOLDFAST_URL: service.client.http.origin, VENDOR_URL: vendor } }));
}

test('calls of several machines come one at a time, and never closer than the pause', { timeout: 120_000 }, async (context) => {
  const { url, visits } = await openVendor(context, () => ({ status: 200, headers: {} }));
  const machines = order(context, url);
  const ends = await Promise.all(machines.map(({ exited }) => exited));
  expect(ends.map(({ code }) => code)).toEqual(machines.map(() => 0));
  expect(machines.map(({ output }) => output)).toEqual(machines.map(() => ORDERS.map((name) => `/orders/${name}\n`).join('')));
  expect(visits).toHaveLength(MACHINES * ORDERS.length);
  expect(visits.filter(({ alone }) => !alone)).toEqual([]);
  expect(Math.min(...visits.map(({ sinceAnswerMs }) => sinceAnswerMs))).toBeGreaterThan(PAUSE_MS - EARLY_MS_MAX);
});

test('all machines wait when the vendor tells one of them to', { timeout: 120_000 }, async (context) => {
  const { url, visits } = await openVendor(context, (count) => (count === 1 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 200, headers: {} }));
  const machines = order(context, url);
  const ends = await Promise.all(machines.map(({ exited }) => exited));
  expect(ends.filter(({ code }) => code !== 0)).toHaveLength(1);
  expect(machines.map(({ output }) => output).join('')).toContain('the vendor answered 429');
  expect(visits[1]!.sinceAnswerMs).toBeGreaterThan(2_000 - EARLY_MS_MAX);
});
