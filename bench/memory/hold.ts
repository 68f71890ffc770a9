// Load: clients that acquire locks and keep them.
//
// `hold.ts <address> <connections>`; asked for so many more leases it answers when it has them.

import { TTL_MS_MAX } from '../../src/limits.ts';
import { acquire } from '../load/requests.ts';
import { serve } from '../load/serve.ts';
import { unexpected, Wire } from '../load/wire.ts';
import { lockName } from '../many/names.ts';

const [address = '', connections = ''] = process.argv.slice(2);
const url = new URL(address);
const request = acquire(url, lockName(0), { ttlMs: TTL_MS_MAX });
const nameAt = request.indexOf(lockName(0));
let next = 0;
let held = 0;
let end = 0;
let done = (): void => {};

function ask(wire: Wire): void {
  if (next >= end) return;
  const own = Buffer.from(request);
  own.write(lockName(next++), nameAt, 'latin1');
  wire.send(own);
}

const wires = Array.from({ length: Number(connections) }, () => {
  const wire: Wire = new Wire(url, (answer) => {
    if (answer.status !== 201) unexpected(answer);
    if (++held === end) done();
    ask(wire);
  });
  return wire;
});
await Promise.all(wires.map((wire) => wire.connected));

await serve(async ({ leases }: { leases: number }) => {
  end += leases;
  const { promise, resolve } = Promise.withResolvers<void>();
  done = resolve;
  for (const wire of wires) ask(wire);
  await promise;
  return { held };
});
