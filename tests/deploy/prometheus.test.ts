// Prometheus beside a service under load: every query of the dashboard and of the rules finds data.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { read } from '../tidy/project.ts';
import { Service, type Finishing } from '../service/harness.ts';
import { Receiver } from '../service/receiver.ts';
import { until } from '../service/until.ts';
import { panelsOf, type Dashboard } from './linter.ts';
import { DECLARED, Load } from './load.ts';
import { missingForPrometheus, promtool } from './programs.ts';
import { Prometheus } from './prometheus.ts';
import { selectors } from './promql.ts';

const DASHBOARD: Dashboard = JSON.parse(read('deploy/grafana/holdfast.json'));
const QUERIES = panelsOf(DASHBOARD).flatMap(({ title, targets = [] }) => targets.map(({ refId, expr = '' }) => ({ title, refId, expr })));
const WITHIN_MS = 60_000;

const missing = missingForPrometheus();

/** As Grafana would ask when all is chosen and the last minutes are shown. */
function asked(query: string): string {
  const chosen = DASHBOARD.templating.list.reduce((text, { name, allValue = '' }) => text.replaceAll(`"$${name}"`, `"${allValue}"`), query);
  return chosen.replaceAll('$__rate_interval', '1m');
}

describe.skipIf(missing !== undefined)(`Prometheus beside a service under load${missing === undefined ? '' : ` (${missing})`}`, () => {
  const service = new Service();
  const closing: (() => Promise<void>)[] = [() => service.close()];
  const context: Finishing = { onTestFinished: (action) => { closing.unshift(action); } };
  let prometheus: Prometheus;
  let target = '';

  beforeAll(async () => {
    const { http } = await service.start();
    target = new URL(http.origin).host;
    prometheus = new Prometheus(target);
    context.onTestFinished(() => prometheus.close());
    const load = new Load(service, await Receiver.listen(context));
    await prometheus.ready();
    await load.start();
    context.onTestFinished(() => load.stop());
  }, 120_000);

  afterAll(async () => {
    for (const close of closing) await close();
  }, 60_000);

  async function findsData(query: string): Promise<boolean> {
    return until(`${query} finds a number`, async () => (await prometheus.query(query)).some(({ value: [, text] }) => Number.isFinite(Number(text))), WITHIN_MS);
  }

  async function stateOf(alert: string): Promise<string | undefined> {
    return (await prometheus.rules()).find(({ name }) => name === alert)?.state;
  }

  test.for(QUERIES)('the panel "$title" finds data for its query $refId', { timeout: WITHIN_MS + 10_000 }, async ({ expr }) => {
    expect(await findsData(asked(expr))).toBe(true);
  });

  test.for(DASHBOARD.templating.list.filter(({ type }) => type === 'query'))('the variable $name has values to choose from', { timeout: WITHIN_MS + 10_000 }, async ({ name, query = '' }) => {
    const selector = asked(query).replace(/^label_values\((?<selected>.+), \w+\)$/u, '$<selected>');
    const values = await until(`${name} has values`, async () => {
      const found = await prometheus.labelValues(name, selector);
      return found.length > 0 ? found : undefined;
    }, WITHIN_MS);
    expect(values).toEqual({ job: ['holdfast'], instance: [target], lock: DECLARED }[name]);
  });

  test.for(['holdfast_lock_oldest_waiter_seconds', 'holdfast_lock_oldest_hold_seconds'])('%s grows with a line that stands still, declared or not', { timeout: WITHIN_MS + 10_000 }, async (metric) => {
    const locks = [...DECLARED, ''];
    const found = await until('all lines have stood still for a second', async () => {
      const samples = await prometheus.query(`${metric} > 1`);
      return samples.length < locks.length ? undefined : samples;
    }, WITHIN_MS);
    expect(found.map((sample) => sample.metric['lock'] ?? '')).toEqual(expect.arrayContaining(locks));
  });

  test('promtool check metrics finds nothing wrong in what the service tells of itself', { timeout: WITHIN_MS }, async () => {
    const { text } = await service.client.ask('GET', '/metrics');
    // What prom-client tells of the process has gauges that end in _total, which are its own.
    const ours = text.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?holdfast_/u.test(line)).join('\n');
    expect(ours).toContain('holdfast_lock_waiters');
    expect(await promtool(['check', 'metrics'], `${ours}\n`)).toEqual({ code: 0, output: '' });
  });

  test('every rule is evaluated without an error, every recording rule records, and what alerts look at is there', { timeout: 4 * WITHIN_MS }, async () => {
    const rules = await until('all rules are evaluated', async () => {
      const found = await prometheus.rules();
      return found.length > 0 && found.every(({ health }) => health !== 'unknown') ? found : undefined;
    }, WITHIN_MS);
    expect(rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`)).toEqual([]);
    for (const { name, type, query } of rules) {
      if (type === 'recording') await findsData(name);
      else for (const { text } of selectors(query)) await findsData(text);
    }
    expect(rules.filter(({ type }) => type === 'recording').length).toBeGreaterThan(5);
  });

  test('what goes wrong in the load raises its alerts, and what does not raises none', { timeout: 4 * WITHIN_MS }, async () => {
    await until('the dead callbacks are told', async () => await stateOf('HoldfastDeliveriesDead') === 'firing', WITHIN_MS);
    await until('the unread failures are seen', async () => await stateOf('HoldfastFailuresUnread') === 'pending', WITHIN_MS);
    await until('the lost workers are seen', async () => await stateOf('HoldfastWorkerCrashLoop') === 'pending', WITHIN_MS);
    const silent = ['HoldfastLockWaitersGrowing', 'HoldfastLockHeldLong', 'HoldfastOldestWaiter'];
    expect(await Promise.all(silent.map(stateOf))).toEqual(silent.map(() => 'inactive'));
  });
});
