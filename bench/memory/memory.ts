// Memory, and an idle process: what it takes with two workers, and what a held lease and a waiting connection add.
//
// A lease is counted in the heap of the main thread, where all of it is, after its garbage was collected. Most of a
// connection is not in the heap: it is counted in the memory of the process, mapped files and the kernel's own left out.

import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startServer, type Server } from '../children.ts';
import { inTurns } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';
import { collectGarbage, heapBytes, inspectorOptions, memory, processorSeconds } from './process.ts';
import type { Asked } from './wait.ts';

const ROUNDS = 3;
const KIB = 1024;
const MIB = 1024 * KIB;
const QUIET_MS = 2_000;
const IDLE_MS = 5_000;
const LEASES = 100_000;
const COLD_LEASES = 5_000;
const CONNECTIONS = 10_000;
const COLD_CONNECTIONS = 500;
const HOLDING = 64;
const TWO_WORKERS = { HOLDFAST_WORKERS: '2' };

export async function memoryUse(report: Report): Promise<void> {
  if (process.platform !== 'linux') return report.skip('memory and an idle process', 'they are read from /proc, which only Linux has');
  await idle(report);
  await leases(report);
  await connections(report);
}

async function idle(report: Report): Promise<void> {
  const [found = []] = await inTurns([async () => {
    await using service = await startService({ environment: TWO_WORKERS });
    await delay(QUIET_MS);
    const before = processorSeconds(service.pid);
    await delay(IDLE_MS);
    return { bytes: memory(service.pid, 'VmRSS'), share: (processorSeconds(service.pid) - before) / (IDLE_MS / 1_000) };
  }], ROUNDS);
  report.figure('memory-idle', { rounds: found.map(({ bytes }) => bytes / MIB), sides: [] });
  report.reading('an idle process, two workers', { name: 'of one core', unit: '%', rounds: found.map(({ share }) => 100 * share) });
}

async function leases(report: Report): Promise<void> {
  const inspector = await freePort();
  await using service = await startService({ environment: TWO_WORKERS, node: inspectorOptions(inspector) });
  await using load: Load<{ readonly leases: number }, object> = await Load.start('bench/memory/hold.ts', service.address, HOLDING);
  await load.measure({ leases: COLD_LEASES });
  const used = async (): Promise<{ heap: number; own: number }> => {
    await collectGarbage(inspector);
    return { heap: await heapBytes(inspector), own: memory(service.pid, 'RssAnon') };
  };
  const [found = []] = await inTurns([async () => {
    const before = await used();
    await load.measure({ leases: LEASES });
    const after = await used();
    return { heap: (after.heap - before.heap) / LEASES, own: (after.own - before.own) / LEASES };
  }], ROUNDS);
  report.figure('memory-lease', {
    rounds: found.map(({ heap }) => heap), sides: [{ name: 'in the memory of the process', unit: 'bytes', rounds: found.map(({ own }) => own) }],
  });
}

async function connections(report: Report): Promise<void> {
  const [found = [], bare = []] = await inTurns([
    () => connectionBytes((node) => startService({ environment: TWO_WORKERS, node })),
    () => connectionBytes((node) => startServer('bench/memory/bare.ts', { node })),
  ], ROUNDS);
  report.figure('memory-waiting', {
    rounds: found.map(({ waiting }) => waiting / KIB),
    sides: [
      { name: 'an open connection', unit: 'KiB', rounds: found.map(({ open }) => open / KIB) },
      { name: 'its waiting', unit: 'KiB', rounds: found.map(({ open, waiting }) => (waiting - open) / KIB) },
    ],
    ceiling: { name: 'a bare Fastify', rounds: bare.map(({ waiting }) => waiting / KIB) },
  });
}

/** Of one connection, in a server that has met some before: what it loads and compiles once is not theirs. */
async function connectionBytes(start: (node: readonly string[]) => Promise<Server>): Promise<{ readonly open: number; readonly waiting: number }> {
  const inspector = await freePort();
  await using server = await start(inspectorOptions(inspector));
  const used = async (): Promise<number> => {
    await collectGarbage(inspector);
    return memory(server.pid, 'RssAnon');
  };
  await using load: Load<Asked, object> = await Load.start('bench/memory/wait.ts', server.address);
  await load.measure({ connect: COLD_CONNECTIONS });
  await load.measure({ wait: 'cold' });
  const before = await used();
  await load.measure({ connect: CONNECTIONS });
  const open = await used();
  await load.measure({ wait: 'hot' });
  return { open: (open - before) / CONNECTIONS, waiting: ((await used()) - before) / CONNECTIONS };
}
