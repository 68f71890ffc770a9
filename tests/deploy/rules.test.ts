// Recording rules and alerts as they are committed: valid, tried on series that raise them and on series that do not,
// and each with a section in the runbook.

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { headings, read } from '../tidy/project.ts';
import { missingForPrometheus, promtool } from './programs.ts';

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity?: string };
  readonly annotations: { readonly summary?: string; readonly description?: string; readonly runbook_url?: string };
}

interface AlertCase {
  readonly name: string;
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
}

const ALERTS_FILE: { groups: readonly { readonly rules: readonly AlertRule[] }[] } = parse(read('deploy/prometheus/alerts.rules.yml'));
const ALERTS = ALERTS_FILE.groups.flatMap(({ rules }) => rules);
const CASES_FILE: { tests: readonly AlertCase[] } = parse(read('deploy/prometheus/alerts.test.yml'));
const RUNBOOK = 'docs/runbook.md';
const SECTION_PARTS = ['**What it means.**', '**How to look.**', '**What to do.**'];

/** The text of the runbook below a heading. */
function section(alert: string): string {
  return read(RUNBOOK).split(/^(?=## )/mu).find((text) => text.startsWith(`## ${alert}\n`)) ?? '';
}

test('there is an alert for each thing that goes wrong', () => {
  expect(ALERTS.map(({ alert }) => alert)).toEqual([
    'HoldfastDown', 'HoldfastLockWaitersGrowing', 'HoldfastLockHeldLong', 'HoldfastOldestWaiter', 'HoldfastFailuresUnread',
    'HoldfastDeliveriesDead', 'HoldfastJournalSlow', 'HoldfastWorkerCrashLoop',
  ]);
});

describe.for(ALERTS)('$alert', ({ alert, labels, annotations }) => {
  test('says how bad it is, what is wrong and where to read on', () => {
    expect(labels.severity).toMatch(/^(?:warning|critical)$/u);
    expect(annotations.summary).toMatch(/\w{3}/u);
    expect(annotations.description).toMatch(/\w{3}/u);
    expect(annotations.runbook_url).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
    expect(headings(RUNBOOK)).toContain(alert.toLowerCase());
  });

  test('has a section in the runbook that says what it means, how to look and what to do', () => {
    const parts = SECTION_PARTS.map((part) => section(alert).indexOf(part));
    expect(parts).toEqual(parts.toSorted((a, b) => a - b));
    expect(parts[0]).toBeGreaterThan(0);
  });

  test('is tried on series that raise it and on series that do not', () => {
    const tried = CASES_FILE.tests.flatMap((one) => one.alert_rule_test).filter(({ alertname }) => alertname === alert);
    expect(tried.filter(({ exp_alerts }) => exp_alerts.length > 0)).not.toEqual([]);
    expect(tried.filter(({ exp_alerts }) => exp_alerts.length === 0)).not.toEqual([]);
  });
});

test('the runbook has no section of an alert that is not there', () => {
  const sections = headings(RUNBOOK).filter((heading) => heading.startsWith('holdfast'));
  expect(sections).toEqual(ALERTS.map(({ alert }) => alert.toLowerCase()));
});

const missing = missingForPrometheus();

describe.skipIf(missing !== undefined)(`Prometheus' own tool${missing === undefined ? '' : ` (${missing})`}`, () => {
  test.for([
    ['check', 'rules', 'recording.rules.yml', 'alerts.rules.yml'],
    ['check', 'config', 'prometheus.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ])('promtool %s %s %s finds nothing wrong', { timeout: 60_000 }, async (args) => {
    const { code, output } = await promtool(args);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });
  });
});
