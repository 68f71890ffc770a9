// Own lock per client: acquire and release on a connection and a lock of one's own.
//
// Beside a bare Fastify without a lock; one over the same journal, which bounds ours; etcd, raw node:http and PostgreSQL's
// advisory locks; and the load's own ceiling, against a server that answers a constant.

import { startServer, temporaryFolder } from '../children.ts';
import { inTurns, median, ratios, type Rounds } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import { startEtcd } from '../peers/etcd.ts';
import { startPostgres } from '../peers/postgres.ts';
import { BOUND, LOAD, pairs, type Figure, type Side } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const COLD: Span = { warmMs: 2_500, measureMs: 500 };
const SPAN: Span = { warmMs: 300, measureMs: 1_500 };
const PACE = { warmMs: 500, measureMs: 3_000 };
const BESIDE_ROUNDS = 3;
/** Of what it reaches at most: a service that is always full has no latency to speak of. */
const PACE_SHARE = 0.5;

type Pairs = Load<Span, { readonly perSecond: number }>;
type Paced = Load<Span & { readonly perSecond: number }, Latency>;

interface Latency {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export async function ownLocks(report: Report): Promise<void> {
  await using service = await startService();
  await using bare = await startServer('bench/own/bare.ts');
  using folder = temporaryFolder();
  await using durable = await startServer('bench/durable/durable.ts', { args: [folder.path, 'turn'] });
  await using etcd = await startEtcd();
  if (etcd === undefined) report.skip("own locks beside etcd's", 'etcd is not installed');
  const servers = { service: service.address, bare: bare.address, durable: durable.address };
  const found = await compare(report, 64, { ...servers, etcd: etcd?.address });
  await compare(report, 256, servers);
  await besides(report);
  await latencies(report, median(found), service.address, bare.address);
}

interface Servers {
  readonly service: string;
  readonly bare: string;
  readonly durable: string;
  readonly etcd?: string | undefined;
}

async function compare(report: Report, connections: 64 | 256, { service, bare, durable, etcd }: Servers): Promise<Rounds> {
  await using ours: Pairs = await Load.warmed(COLD, 'bench/own/pairs.ts', service, connections);
  await using theirs: Pairs = await Load.warmed(COLD, 'bench/own/pairs.ts', bare, connections);
  await using bound: Pairs = await Load.warmed(COLD, 'bench/own/pairs.ts', durable, connections);
  await using etcds: Pairs | undefined = etcd === undefined ? undefined : await Load.warmed(COLD, 'bench/peers/etcd-locks.ts', etcd, connections, 'own');
  await using constant = await startServer('bench/load/constant.ts');
  await using alone: Pairs = await Load.warmed(COLD, 'bench/own/pairs.ts', constant.address, connections);
  const [our = [], bares = [], most = [], all = [], beside = []] = await inTurns([rate(ours), rate(theirs), rate(bound), rate(alone), etcds && rate(etcds)]);
  const side = pairs('Holdfast', our);
  const ceiling = (peer: Rounds): NonNullable<Figure['ceiling']> => ({ name: BOUND, rounds: ratios(most, peer) });
  report.figure(`own-${connections}-bare`, { rounds: ratios(our, bares), sides: [side, pairs('bare Fastify', bares), pairs(LOAD, all)], ceiling: ceiling(bares) });
  if (etcds !== undefined) report.figure('own-64-etcd', { rounds: ratios(our, beside), sides: [side, pairs('etcd', beside)], ceiling: ceiling(beside) });
  return our;
}

/** Without an aim: raw node:http, and PostgreSQL. */
async function besides(report: Report): Promise<void> {
  for (const connections of [64, 256]) {
    await using raw = await startServer('bench/own/node-http.ts');
    await using rawPairs: Pairs = await Load.warmed(COLD, 'bench/own/pairs.ts', raw.address, connections);
    const [raws = []] = await inTurns([rate(rawPairs)], BESIDE_ROUNDS);
    report.reading(`own locks, ${connections} connections`, pairs('raw node:http', raws));
  }
  await using postgres = await startPostgres();
  if (postgres === undefined) return report.skip("own locks beside PostgreSQL's", 'PostgreSQL is not installed');
  await using load: Pairs = await Load.warmed(COLD, 'bench/peers/postgres-locks.ts', postgres.address, 64, 'own');
  const [found = []] = await inTurns([rate(load)], BESIDE_ROUNDS);
  return report.reading('own locks, 64 connections', pairs('PostgreSQL advisory locks (not durable)', found));
}

/** Of an acquire, at half the pace that ours reaches, in turns; counted from when each was due. */
async function latencies(report: Report, reached: number, service: string, bare: string): Promise<void> {
  const perSecond = Math.round(reached * PACE_SHARE);
  await using ours: Paced = await Load.warmed({ ...COLD, perSecond }, 'bench/own/pace.ts', service, 64);
  await using theirs: Paced = await Load.warmed({ ...COLD, perSecond }, 'bench/own/pace.ts', bare, 64);
  const [our = [], bares = []] = await inTurns([ours, theirs].map((load) => () => load.measure({ ...PACE, perSecond })), BESIDE_ROUNDS);
  const scenario = `an acquire at ${perSecond} pairs a second, counted from when it was due`;
  report.reading(scenario, ...percentiles('Holdfast', our), ...percentiles('bare Fastify', bares));
}

function percentiles(name: string, found: readonly Latency[]): Side[] {
  const members = [['median', 'medianMs'], ['90 %', 'p90Ms'], ['99 %', 'p99Ms'], ['99.9 %', 'p999Ms'], ['longest', 'maxMs']] as const;
  return members.map(([title, member]) => ({ name: `${name}, ${title}`, unit: 'ms', rounds: found.map((latency) => latency[member]) }));
}

function rate(load: Pairs): () => Promise<number> {
  return async () => (await load.measure(SPAN)).perSecond;
}
