// The dashboard as it is committed: made by the code beside it, and kept to the public rules for dashboards.

import { describe, expect, test } from 'vitest';
import { buildDashboard } from '../../deploy/grafana/dashboard.ts';
import { read } from '../tidy/project.ts';
import { panelsOf, RULES, type Dashboard, type Panel, type Variable } from './linter.ts';
import { selectors } from './promql.ts';

const TEXT = read('deploy/grafana/holdfast.json');
const DASHBOARD: Dashboard = JSON.parse(TEXT);

test('the dashboard that is committed is the one that the code makes', () => {
  expect(TEXT, 'run npm run dashboard').toBe(`${JSON.stringify(buildDashboard(), undefined, 2)}\n`);
});

test('contention comes first, then what else goes wrong', () => {
  const rows = DASHBOARD.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  expect(rows).toEqual(['Contention', 'Batches', 'Pool saturation', 'Failures unread', 'Webhooks', 'Journal', 'Requests', 'Process']);
});

test('titles and ids are each there once, and no panel covers another', () => {
  const panels = panelsOf(DASHBOARD);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(DASHBOARD.panels.length);
  const covered = DASHBOARD.panels.flatMap((panel, index) => DASHBOARD.panels.slice(index + 1).filter((other) => overlap(panel, other)).map(({ title }) => `${panel.title} and ${title}`));
  expect(covered).toEqual([]);
  expect(panels.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([]);
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test('every metric of the service is shown', () => {
  const named = [...read('docs/operating.md').matchAll(/^\| `(?<name>[a-z_]+)(?:\{[a-z,]+\})?` \|/gmu)].map(({ groups }) => `holdfast_${groups?.['name']}`);
  const queries = panelsOf(DASHBOARD).flatMap(({ targets = [] }) => targets.map(({ expr = '' }) => expr));
  const shown = new Set(queries.flatMap((query) => selectors(query.replaceAll('$__rate_interval', '5m')).map(({ metric }) => metric.replace(/_(?:bucket|sum|count)$/u, ''))));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !shown.has(name))).toEqual([]);
});

test('all locks are meant by default, also those that have no label', () => {
  const variable = DASHBOARD.templating.list.find(({ name }) => name === 'lock');
  expect(variable).toMatchObject({ type: 'query', multi: true, includeAll: true, allValue: '.*', refresh: 2 });
});

function withVariable(name: string, change: Partial<Variable>): Dashboard {
  return { ...DASHBOARD, templating: { list: DASHBOARD.templating.list.map((variable) => (variable.name === name ? { ...variable, ...change } : variable)) } };
}

function withPanel(change: (panel: Panel) => Panel): Dashboard {
  let changed = false;
  const panels = DASHBOARD.panels.map((panel) => {
    if (changed || panel.type === 'row') return panel;
    changed = true;
    return change(panel);
  });
  return { ...DASHBOARD, panels };
}

function withQuery(expr: string): Dashboard {
  return withPanel((panel) => ({ ...panel, targets: [{ refId: 'A', expr, datasource: { uid: '$datasource' } }] }));
}

const MINE = 'job=~"$job", instance=~"$instance"';

/** For each rule, dashboards that break it and no other. */
const BROKEN: Readonly<Record<string, readonly Dashboard[]>> = {
  'template-datasource-rule': [
    withVariable('datasource', { label: 'Source' }),
    { ...DASHBOARD, templating: { list: DASHBOARD.templating.list.filter(({ type }) => type !== 'datasource') } },
  ],
  'template-job-rule': [withVariable('job', { multi: false }), withVariable('job', { name: 'work' })],
  'template-instance-rule': [withVariable('instance', { allValue: '' }), withVariable('instance', { label: 'instance' }), withVariable('instance', { datasource: { uid: 'mine' } })],
  'template-label-promql-rule': [withVariable('lock', { query: 'label_values(holdfast_lock_waiters{job=~"$job", lock)' }), withVariable('lock', { query: 'values(up, lock)' })],
  'template-on-time-change-reload-rule': [withVariable('lock', { refresh: 1 })],
  'panel-datasource-rule': [withPanel((panel) => ({ ...panel, datasource: { uid: 'mine' } }))],
  'panel-title-description-rule': [withPanel((panel) => ({ ...panel, description: '' })), withPanel((panel) => ({ ...panel, title: '' }))],
  'panel-units-rule': [withPanel((panel) => ({ ...panel, fieldConfig: { defaults: { unit: 'parsecs' } } })), withPanel((panel) => ({ ...panel, fieldConfig: {} }))],
  'panel-no-targets-rule': [withPanel((panel) => ({ ...panel, targets: [] }))],
  'target-promql-rule': [withQuery(`sum (up{${MINE}}`), withQuery('')],
  'target-rate-interval-rule': [withQuery(`rate(holdfast_lock_grants_total{${MINE}}[5m])`)],
  'target-job-rule': [withQuery('up{instance=~"$instance"}'), withQuery('up{job="$job", instance=~"$instance"}')],
  'target-instance-rule': [withQuery(`up{${MINE}} / up{job=~"$job"}`)],
  'target-counter-agg-rule': [withQuery(`sum (holdfast_lock_grants_total{${MINE}})`), withQuery(`max_over_time(holdfast_lock_grants_total{${MINE}}[$__rate_interval])`)],
  'uneditable-dashboard': [{ ...DASHBOARD, editable: true }],
};

describe.for(RULES)('$name', ({ name, complaints }) => {
  test('the dashboard keeps the rule', () => {
    expect(complaints(DASHBOARD)).toEqual([]);
  });

  test('a dashboard that breaks the rule is complained about, by this rule alone', () => {
    const broken = BROKEN[name] ?? [];
    expect(broken.length).toBeGreaterThan(0);
    for (const dashboard of broken) {
      expect(RULES.filter((rule) => rule.complaints(dashboard).length > 0).map((rule) => rule.name)).toEqual([name]);
    }
  });
});
