// Many operations in flight from one client process: loops that each take and free a lock of their own.
//
// Ours in bulk, beside redlock on one Redis that flushes every change before it answers, as ours does; and the journal's
// own commits of a row for each loop, which bound 64 of ours: they share one request and wait for it.

import { temporaryFolder } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import type { Commits } from '../hot/sequential.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import { startRedis } from '../peers/redis.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const COLD: Span = { warmMs: 2_500, measureMs: 500 };
const SPAN: Span = { warmMs: 300, measureMs: 1_500 };

/** With what every row has, it is as long as that of a lease. */
const LEASE_CHARACTERS = 170;

type Rate = Load<Span, { readonly perSecond: number }>;

export async function oneClient(report: Report): Promise<void> {
  await using redis = await startRedis();
  if (redis === undefined) return report.skip('many operations of one client beside redlock', 'redis-server is not installed');
  await using service = await startService();
  for (const loops of [64, 512] as const) {
    await using ours: Rate = await Load.warmed(COLD, 'bench/bulk/bulk-loops.ts', service.address, loops);
    await using theirs: Rate = await Load.warmed(COLD, 'bench/bulk/redlock-loops.ts', redis.address, loops);
    using folder = temporaryFolder();
    await using journal: Load<Span, Commits> | undefined = loops === 64 ? await Load.warmed(COLD, 'bench/hot/sequential.ts', folder.path, loops, LEASE_CHARACTERS) : undefined;
    const [our = [], their = [], commits = []] = await inTurns([ours, theirs, journal].map((load) => load && (async () => (await load.measure(SPAN)).perSecond)));
    // A commit takes every loop half of a pair further.
    const bound = ratios(commits.map((perSecond) => (perSecond * loops) / 2), their);
    report.figure(`bulk-${loops}-redlock`, {
      rounds: ratios(our, their), sides: [{ name: 'Holdfast', unit: 'pairs/s', rounds: our }, { name: 'redlock', unit: 'pairs/s', rounds: their }],
      ...(bound.length > 0 && { ceiling: { name: `the journal's sequential commits of ${loops} rows`, rounds: bound } }),
    });
  }
}
