// Many operations in flight from one client process: loops that each take and free a lock of their own.
//
// Ours in bulk, beside redlock on one Redis that flushes every change before it answers, as ours does; the bound of ours, a
// bare Fastify over the same journal that the same loops ask; and a constant that they ask, which is their own ceiling.

import { startServer, temporaryFolder } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import { startRedis } from '../peers/redis.ts';
import { BOUND, LOAD, pairs } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const COLD: Span = { warmMs: 2_500, measureMs: 500 };
/**
 * At a time, with half of the loops in each: while the disk has the one half, the service and the loops work on the other.
 * All in one request would wait for all in turn.
 */
const REQUESTS = 2;
const SPAN: Span = { warmMs: 300, measureMs: 1_500 };

type Rate = Load<Span, { readonly perSecond: number }>;

export async function oneClient(report: Report): Promise<void> {
  await using redis = await startRedis();
  if (redis === undefined) return report.skip('many operations of one client beside redlock', 'redis-server is not installed');
  await using service = await startService();
  using folder = temporaryFolder();
  await using durable = await startServer('bench/durable/durable.ts', { args: [folder.path, 'turn'] });
  for (const loops of [64, 512] as const) {
    await using ours: Rate = await Load.warmed(COLD, 'bench/bulk/bulk-loops.ts', service.address, loops, REQUESTS);
    await using theirs: Rate = await Load.warmed(COLD, 'bench/bulk/redlock-loops.ts', redis.address, loops);
    await using bound: Rate = await Load.warmed(COLD, 'bench/bulk/bulk-loops.ts', durable.address, loops, REQUESTS);
    await using constant = await startServer('bench/load/constant.ts', { args: [String(loops / REQUESTS)] });
    await using alone: Rate = await Load.warmed(COLD, 'bench/bulk/bulk-loops.ts', constant.address, loops, REQUESTS);
    const [our = [], their = [], most = [], all = []] = await inTurns([ours, theirs, bound, alone].map((load) => async () => (await load.measure(SPAN)).perSecond));
    report.figure(`bulk-${loops}-redlock`, {
      rounds: ratios(our, their), sides: [pairs('Holdfast', our), pairs('redlock', their), pairs(LOAD, all)], ceiling: { name: BOUND, rounds: ratios(most, their) },
    });
  }
}
