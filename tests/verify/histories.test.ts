// A slice of the histories: the same clients, faults and checkers as in the long verification, for some seconds.

import { expect, test } from 'vitest';
import { Chance } from '../../verify/chance.ts';
import { check, explain } from '../../verify/histories/check.ts';
import { draw, type Kind } from '../../verify/histories/faults.ts';
import { killHolder } from '../../verify/histories/handover.ts';
import { runHistory } from '../../verify/histories/history.ts';
import { ServiceProcess } from '../../verify/histories/process.ts';
import { Proxy } from '../../verify/histories/proxy.ts';

const CLIENTS = 100;
const SLOTS = 48;
const GAP_MS = 250;
/** Other tests have the processors too: the figure itself is for the long verification. */
const LATE_MS_MAX = 2_000;

const FRESH = Date.now() % 1_000_000;
const RUNS: readonly { readonly seed: number; readonly plan: readonly Kind[] }[] = [
  { seed: 1, plan: ['pause', 'kill', 'cut'] },
  { seed: 2, plan: ['stall', 'reset', 'stop', 'delay'] },
  { seed: FRESH, plan: draw(new Chance(FRESH)) },
];

test('clients see every promise kept while the service is killed and paused and connections are lost', { timeout: 90_000 }, async () => {
  await using service = await ServiceProcess.start();
  await using proxy = await Proxy.listen(() => service.port);
  let newest = 0;
  for (const [nth, { seed, plan }] of RUNS.entries()) {
    const history = await runHistory(service, proxy, { name: `h${nth}`, clients: CLIENTS, slots: SLOTS, plan, gapMs: GAP_MS }, new Chance(seed));
    const findings = check(history, newest);
    const [first] = findings.violations;
    expect(findings.violations, `seed ${seed}, ${plan.join(', ')}\n${first === undefined ? '' : explain(history, first.lock)}`).toEqual([]);
    expect(findings.undecided).toBe(0);
    expect(history.faults).toHaveLength(plan.length);
    expect(new Set(history.calls.map(({ operation }) => operation)).size).toBe(7);
    newest = findings.newest;
  }
});

test('a lock whose holder was killed is granted to who waits soon after its TTL', { timeout: 60_000 }, async () => {
  await using service = await ServiceProcess.start();
  const lateMs = await killHolder(service.port, { name: 'handover', locks: 40 }, new Chance(FRESH));
  expect(lateMs.length).toBeGreaterThan(20);
  expect(Math.max(...lateMs)).toBeLessThan(LATE_MS_MAX);
});
