// Many rows: starting with 1,000,000 declared locks and 100,000 live leases, acquiring among them, and renewing them.
//
// Beside a service with a handful. The directory is prepared by the service's own engine (prepare.ts); each start is one
// after a kill.

import { output, temporaryFolder } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import { pairs } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const LOCKS = 1_000_000;
const LEASES = 100_000;
/** As many clients as there are locks where there are few. */
const FEW_LOCKS = 10;
const FEW_LEASES = 64;
const RENEWING = 64;
const EMPTY_STARTS = 5;
const LARGE_STARTS = 3;
const COLD: Span = { warmMs: 2_500, measureMs: 500 };
const SPAN: Span = { warmMs: 300, measureMs: 1_500 };

type Rate = Load<Span, { readonly perSecond: number }>;

export async function manyRows(report: Report): Promise<void> {
  using large = temporaryFolder();
  using small = temporaryFolder();
  const began = performance.now();
  await prepare(large.path, LOCKS, LEASES);
  report.reading('many rows', { name: 'preparing 1,100,000 rows by the engine alone', unit: 's', rounds: [(performance.now() - began) / 1_000] });
  await prepare(small.path, FEW_LEASES + FEW_LOCKS, FEW_LEASES);
  await starts(report, large.path);
  await using many = await startService({ dataDir: large.path });
  await using few = await startService({ dataDir: small.path });
  await acquiring(report, many.address, few.address);
  await renewing(report, many.address, few.address);
}

async function prepare(dataDir: string, locks: number, leases: number): Promise<void> {
  await output(process.execPath, ['bench/many/prepare.ts', dataDir, String(locks), String(leases)]);
}

async function starts(report: Report, large: string): Promise<void> {
  const [empty = []] = await inTurns([() => startSeconds()], EMPTY_STARTS);
  report.figure('start-empty', { rounds: empty, sides: [] });
  const [million = []] = await inTurns([() => startSeconds(large)], LARGE_STARTS);
  report.figure('start-million', { rounds: million, sides: [] });
}

async function startSeconds(dataDir?: string): Promise<number> {
  await using service = await startService(dataDir === undefined ? {} : { dataDir });
  return service.readyMs / 1_000;
}

async function acquiring(report: Report, many: string, few: string): Promise<void> {
  await using large: Rate = await Load.warmed(COLD, 'bench/many/walk.ts', many, FEW_LOCKS, LEASES, LOCKS);
  await using small: Rate = await Load.warmed(COLD, 'bench/many/walk.ts', few, FEW_LOCKS, FEW_LEASES, FEW_LEASES + FEW_LOCKS);
  const [manys = [], fews = []] = await inBoth(large, small);
  report.figure('growth-locks', {
    rounds: ratios(fews, manys),
    sides: [pairs('1,000,000 locks', manys), pairs('10 locks', fews)],
  });
}

async function renewing(report: Report, many: string, few: string): Promise<void> {
  await using large: Rate = await Load.warmed(COLD, 'bench/many/renew.ts', many, RENEWING, LEASES);
  await using small: Rate = await Load.warmed(COLD, 'bench/many/renew.ts', few, RENEWING, FEW_LEASES);
  const [manys = [], fews = []] = await inBoth(large, small);
  report.reading(
    `renewals, ${RENEWING} connections`,
    { name: '100,000 leases, 1,000,000 locks', unit: 'renewals/s', rounds: manys }, { name: `${FEW_LEASES} leases`, unit: 'renewals/s', rounds: fews },
    { name: '100,000 leases, each once', unit: 's', rounds: manys.map((perSecond) => LEASES / perSecond) },
  );
}

function inBoth(large: Rate, small: Rate): Promise<number[][]> {
  return inTurns([large, small].map((load) => async () => (await load.measure(SPAN)).perSecond));
}
