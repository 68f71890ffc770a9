// Metrics: how long `/metrics` takes with 10,000 declared locks, of which 1,000 have a label, and what it does to others.

import { setTimeout as delay } from 'node:timers/promises';
import { output, temporaryFolder } from '../children.ts';
import { inTurns, median } from '../figures.ts';
import { Load } from '../load/load.ts';
import type { Probed, ProbeAsked } from '../load/probe.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const LOCKS = 10_000;
const SCRAPES = 20;
/** Far more often than Prometheus would, so that a round sees many. */
const SCRAPE_EVERY_MS = 100;
const PROBE_EVERY_MS = 5;

interface Scraped extends Probed {
  readonly medianMs: number;
}

export async function scraping(report: Report): Promise<void> {
  using folder = temporaryFolder();
  await output(process.execPath, ['bench/many/prepare.ts', folder.path, String(LOCKS), '0']);
  await using service = await startService({ dataDir: folder.path });
  await using probe: Load<ProbeAsked, Probed> = await Load.start('bench/load/probe.ts', service.address, PROBE_EVERY_MS);
  const run = (scrape: () => Promise<void>) => async (): Promise<Scraped> => {
    await probe.measure('begin');
    const medianMs = await timed(scrape);
    return { medianMs, ...(await probe.measure('end')) };
  };
  const contestants = [run(async () => { await (await fetch(`${service.address}/metrics`)).text(); }), run(async () => {})];
  await inTurns(contestants, 1);
  const [scraped = [], quiet = []] = await inTurns(contestants);
  report.figure('metrics-scrape', { rounds: scraped.map(({ medianMs }) => medianMs), sides: [] });
  report.figure('metrics-acquire', {
    rounds: scraped.map(({ acquireMaxMs }) => acquireMaxMs),
    sides: [{ name: 'the longest acquire when nothing is scraped', unit: 'ms', rounds: quiet.map(({ acquireMaxMs }) => acquireMaxMs) }],
  });
}

async function timed(scrape: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < SCRAPES; count++) {
    const began = performance.now();
    await scrape();
    times.push(performance.now() - began);
    await delay(SCRAPE_EVERY_MS);
  }
  return median(times);
}
