// Many waiters: what a hand-off costs when 1,000 or 10,000 clients wait behind it, and when 10 do.
//
// Each count has a service and a load of its own, all running at once and measured in turns; those whose turn it is not
// only wait. After each hand-off who held the lock joins the line again, so that it stays as long as it was.

import { inTurns, ratios } from '../figures.ts';
import type { InTurn } from '../hot/hot.ts';
import { Load } from '../load/load.ts';
import type { Span } from '../load/serve.ts';
import type { Side } from '../report/figures.ts';
import type { Report } from '../report/report.ts';
import { startService } from '../service.ts';

const FEW = 10;
const MANY = 1_000;
const MOST = 10_000;
const COLD: Span = { warmMs: 2_000, measureMs: 1_000 };
const SPAN: Span = { warmMs: 300, measureMs: 2_000 };

export async function manyWaiters(report: Report): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const loads: Load<Span, InTurn>[] = [];
  for (const waiters of [FEW, MANY, MOST]) {
    const service = stack.use(await startService());
    loads.push(stack.use(await Load.warmed(COLD, 'bench/hot/turns.ts', service.address, waiters + 1, 'hot')));
  }
  const [few = [], many = [], most = []] = await inTurns(loads.map((load) => () => load.measure(SPAN)));
  report.figure('waiting-p99', { rounds: ratios(p99(most), p99(few)), sides: [ms(MOST, p99(most)), ms(FEW, p99(few))], note: outOfTurn(most) });
  report.figure('growth-waiters', { rounds: ratios(perSecond(few), perSecond(most)), sides: [handoffs(MOST, most), handoffs(FEW, few)] });
  report.reading('many waiters', ms(MANY, p99(many)), handoffs(MANY, many), { name: `${waitersText(MOST)}, longest`, unit: 'ms', rounds: most.map(({ maxMs }) => maxMs) });
}

function p99(told: readonly InTurn[]): number[] {
  return told.map(({ p99Ms }) => p99Ms);
}

function perSecond(told: readonly InTurn[]): number[] {
  return told.map((round) => round.perSecond);
}

function outOfTurn(told: readonly InTurn[]): string {
  return `answered out of turn: ${told.reduce((sum, round) => sum + round.outOfTurn, 0)}`;
}

function ms(waiters: number, rounds: readonly number[]): Side {
  return { name: `${waitersText(waiters)}, 99 %`, unit: 'ms', rounds };
}

function handoffs(waiters: number, told: readonly InTurn[]): Side {
  return { name: waitersText(waiters), unit: 'hand-offs/s', rounds: perSecond(told) };
}

function waitersText(waiters: number): string {
  return `${waiters.toLocaleString('en-US')} waiters`;
}
