// One hot lock: 64 clients in line behind its holder, each released by hand and joined again, in strict order.
//
// Beside the journal's own sequential commits of one record; a bare Fastify over the same journal, which bounds it; etcd,
// whose lock waits in order too; and PostgreSQL's advisory locks. With `HOLDFAST_DURABILITY=os` no flush is waited for.
//   H1. V8 compiles for as long as there is something new to learn, on threads that wait for the same processors; a
//       thousand hand-offs a second teach it slowly. What serves them is warm after ten seconds and more.

import { startServer, temporaryFolder } from '../children.ts';
import { inTurns, ratios } from '../figures.ts';
import type { Told } from '../load/handoffs.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import { startEtcd } from '../peers/etcd.ts';
import { startPostgres } from '../peers/postgres.ts';
import { BOUND, type Side } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';
import type { Commits } from './sequential.ts';

/** The holder, and 64 who wait. */
const CLIENTS = 65;
const COLD: Span = { warmMs: 2_500, measureMs: 500 };
/** (H1) */
const COLD_SERVER: Span = { warmMs: 14_500, measureMs: 500 };
const SPAN: Span = { warmMs: 300, measureMs: 1_500 };
const BESIDE_ROUNDS = 3;

export type InTurn = Told & { readonly outOfTurn: number };

export async function hotLock(report: Report): Promise<void> {
  await using service = await startService();
  using folder = temporaryFolder();
  using durableFolder = temporaryFolder();
  await using durable = await startServer('bench/durable/durable.ts', { args: [durableFolder.path, 'once'] });
  await using ours: Load<Span, InTurn> = await Load.warmed(COLD_SERVER, 'bench/hot/turns.ts', service.address, CLIENTS, 'hot');
  await using bound: Load<Span, InTurn> = await Load.warmed(COLD_SERVER, 'bench/hot/turns.ts', durable.address, CLIENTS, 'hot');
  await using journal: Load<Span, Commits> = await Load.warmed(COLD, 'bench/hot/sequential.ts', folder.path);
  await using etcd = await startEtcd();
  await using etcds: Load<Span, Told> | undefined = etcd && await Load.warmed(COLD, 'bench/peers/etcd-locks.ts', etcd.address, CLIENTS, 'hot');
  const our: InTurn[] = [];
  const most: InTurn[] = [];
  const spreads: number[] = [];
  const [handed = [], boundHanded = [], commits = [], beside = []] = await inTurns([
    pace(ours, our),
    pace(bound, most),
    async () => {
      const { perSecond, p99Ms, medianMs } = await journal.measure(SPAN);
      spreads.push(p99Ms / medianMs);
      return perSecond;
    },
    etcds && (async () => (await etcds.measure(SPAN)).perSecond),
  ]);
  const side = handoffs('Holdfast', handed);
  report.figure('hot-journal', {
    rounds: ratios(handed, commits), sides: [side, { name: 'sequential commits', unit: 'commits/s', rounds: commits }], ceiling: { name: BOUND, rounds: ratios(boundHanded, commits) },
  });
  report.figure('hot-p99', {
    rounds: our.map(spread),
    sides: [ms('99 %', our.map(({ p99Ms }) => p99Ms)), ms('median', our.map(({ medianMs }) => medianMs)), ms('longest', our.map(({ maxMs }) => maxMs))],
    note: `answered out of turn: ${our.reduce((sum, { outOfTurn }) => sum + outOfTurn, 0)}`,
    ceiling: { name: BOUND, rounds: most.map(spread) },
  });
  report.reading('one hot lock, 64 waiters', handoffs(BOUND, boundHanded), { name: "the journal's sequential commits, 99 % ÷ median", unit: '', rounds: spreads });
  if (etcds === undefined) report.skip("the hot lock beside etcd's", 'etcd is not installed');
  else report.figure('hot-etcd', { rounds: ratios(handed, beside), sides: [side, handoffs('etcd', beside)], ceiling: { name: BOUND, rounds: ratios(boundHanded, beside) } });
  await besidePostgres(report);
}

/** Measures hand-offs and keeps what each round told. */
function pace(load: Load<Span, InTurn>, told: InTurn[]): () => Promise<number> {
  return async () => {
    const round = await load.measure(SPAN);
    told.push(round);
    return round.perSecond;
  };
}

function spread({ p99Ms, medianMs }: InTurn): number {
  return p99Ms / medianMs;
}

async function besidePostgres(report: Report): Promise<void> {
  await using postgres = await startPostgres();
  if (postgres === undefined) return report.skip("the hot lock beside PostgreSQL's", 'PostgreSQL is not installed');
  await using load: Load<Span, Told> = await Load.warmed(COLD, 'bench/peers/postgres-locks.ts', postgres.address, CLIENTS, 'hot');
  const [found = []] = await inTurns([async () => (await load.measure(SPAN)).perSecond], BESIDE_ROUNDS);
  return report.reading('one hot lock, 64 waiters', handoffs('PostgreSQL advisory lock (not durable)', found));
}

/** Acknowledged means handed to the operating system: beside etcd, whose changes are flushed. */
export async function hotLockWithoutFlush(report: Report): Promise<void> {
  await using etcd = await startEtcd();
  if (etcd === undefined) return report.skip("the hot lock with HOLDFAST_DURABILITY=os beside etcd's", 'etcd is not installed');
  await using service = await startService({ environment: { HOLDFAST_DURABILITY: 'os' } });
  await using ours: Load<Span, InTurn> = await Load.warmed(COLD_SERVER, 'bench/hot/turns.ts', service.address, CLIENTS, 'hot');
  await using etcds: Load<Span, Told> = await Load.warmed(COLD, 'bench/peers/etcd-locks.ts', etcd.address, CLIENTS, 'hot');
  const [handed = [], beside = []] = await inTurns([ours, etcds].map((load) => async () => (await load.measure(SPAN)).perSecond));
  return report.figure('hot-os-etcd', { rounds: ratios(handed, beside), sides: [handoffs('Holdfast', handed), handoffs('etcd', beside)] });
}

function handoffs(name: string, rounds: readonly number[]): Side {
  return { name, unit: 'hand-offs/s', rounds };
}

function ms(name: string, rounds: readonly number[]): Side {
  return { name, unit: 'ms', rounds };
}
