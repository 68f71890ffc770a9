// Linter: the rules that a dashboard for many services keeps, those of https://github.com/grafana/dashboard-linter.
//
// Owns the rules, said anew for a dashboard of Prometheus, under the names that they have there. Its rules for Loki have
// nothing to say here; where it looks at some types of panels, all are looked at.

import * as units from '@grafana/grafana-foundation-sdk/units';
import { isPromQl, selectors } from './promql.ts';

interface Source {
  readonly type?: string;
  readonly uid?: string;
}

export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label?: string;
  readonly query?: string;
  readonly datasource?: Source;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
}

export interface Target {
  readonly expr?: string;
  readonly refId: string;
  readonly datasource?: Source;
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: Source;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

export interface Dashboard {
  readonly editable: boolean;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export interface Rule {
  readonly name: string;
  /** What is wrong, in words; nothing when all is well. */
  readonly complaints: (dashboard: Dashboard) => readonly string[];
}

const CHOSEN_SOURCES = new Set(['$datasource', '${datasource}']);
const RATES = new Set(['rate', 'irate']);
const COUNTED = new Set([...RATES, 'increase']);
const UNITS = new Set<unknown>(Object.values(units));
const RATE_INTERVAL = '1234567s';

/** Panels that show data; rows only hold them together. */
export function panelsOf({ panels }: Dashboard): readonly Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/** All queries of all panels. */
function queriesOf(dashboard: Dashboard): readonly string[] {
  return panelsOf(dashboard).flatMap(({ targets = [] }) => targets.map(({ expr = '' }) => expr));
}

/** A query as Prometheus would get it, but for what stands in quotes. */
function asked(query: string): string {
  return query.replaceAll('$__rate_interval', RATE_INTERVAL);
}

function eachPanel(name: string, wrong: (panel: Panel) => string | undefined): Rule {
  return { name, complaints: (dashboard) => panelsOf(dashboard).flatMap((panel) => wrong(panel) ?? []) };
}

function eachQuery(name: string, wrong: (query: string) => readonly string[]): Rule {
  return { name, complaints: (dashboard) => queriesOf(dashboard).flatMap((query) => wrong(asked(query)).map((complaint) => `${query}: ${complaint}`)) };
}

function hasVariable(name: string, label: string): Rule {
  return {
    name: `template-${name}-rule`,
    complaints: ({ templating }) => {
      const variable = templating.list.find((one) => one.name === name);
      if (variable === undefined) return [`there is no variable ${name}`];
      const demands: readonly (readonly [boolean, string])[] = [
        [variable.type === 'query', 'is no query'],
        [CHOSEN_SOURCES.has(variable.datasource?.uid ?? ''), 'asks another source than the chosen one'],
        [variable.label === label, `is not labelled ${label}`],
        [variable.multi === true, 'takes one value only'],
        [variable.allValue === '.+', 'does not mean .+ by all'],
      ];
      return demands.filter(([met]) => !met).map(([, complaint]) => `the variable ${name} ${complaint}`);
    },
  };
}

function matches(label: string): Rule {
  return eachQuery(`target-${label}-rule`, (query) => selectors(query)
    .filter(({ matchers }) => !matchers.some((one) => one.label === label && one.operator === '=~' && one.value === `$${label}`))
    .map(({ text }) => `${text} is not held to $${label}`));
}

const LABEL_QUERY = /^(?:label_names|label_values|metrics|query_result)\((?<selected>.+)\)$/u;

/** What a variable's query selects its values from; `undefined` where it is none that Grafana's Prometheus source knows. */
function selectedBy({ query = '' }: Variable): string | undefined {
  return LABEL_QUERY.exec(query)?.groups?.['selected']?.replace(/,\s*\w+$/u, '');
}

export const RULES: readonly Rule[] = [
  {
    name: 'template-datasource-rule',
    complaints: ({ templating }) => {
      const sources = templating.list.filter(({ type }) => type === 'datasource');
      const [source] = sources;
      if (source === undefined || sources.length > 1) return [`there are ${sources.length} variables for the source of data`];
      const well = source.name === 'datasource' && source.label === 'Data source' && source.query === 'prometheus';
      return well ? [] : ['the variable for the source of data is not datasource, labelled Data source, of Prometheus'];
    },
  },
  hasVariable('job', 'Job'),
  hasVariable('instance', 'Instance'),
  {
    name: 'template-label-promql-rule',
    complaints: ({ templating }) => templating.list
      .filter((variable) => variable.type === 'query' && !isPromQl(selectedBy(variable) ?? ''))
      .map(({ name, query }) => `the variable ${name} asks ${query}`),
  },
  {
    name: 'template-on-time-change-reload-rule',
    complaints: ({ templating }) => templating.list
      .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
      .map(({ name }) => `the variable ${name} does not follow the range of time`),
  },
  eachPanel('panel-datasource-rule', ({ title, datasource, targets = [] }) =>
    ([datasource, ...targets.map((target) => target.datasource)].every((source) => CHOSEN_SOURCES.has(source?.uid ?? '')) ? undefined : `${title} asks another source than the chosen one`)),
  eachPanel('panel-title-description-rule', ({ id, title = '', description = '' }) => (title === '' || description === '' ? `panel ${id} has no title or no description` : undefined)),
  eachPanel('panel-units-rule', ({ title, fieldConfig }) => (UNITS.has(fieldConfig?.defaults?.unit) ? undefined : `${title} has no unit that Grafana knows`)),
  eachPanel('panel-no-targets-rule', ({ title, targets = [] }) => (targets.length === 0 ? `${title} asks nothing` : undefined)),
  eachQuery('target-promql-rule', (query) => (isPromQl(query) ? [] : ['is no PromQL'])),
  eachQuery('target-rate-interval-rule', (query) => selectors(query)
    .filter(({ range, call = '' }) => RATES.has(call) && range !== RATE_INTERVAL)
    .map(({ text }) => `${text} goes by another interval than Grafana's`)),
  matches('job'),
  matches('instance'),
  eachQuery('target-counter-agg-rule', (query) => selectors(query)
    .filter(({ metric, call = '' }) => metric.endsWith('_total') && !COUNTED.has(call))
    .map(({ metric }) => `${metric} is a counter and shown as it is`)),
  { name: 'uneditable-dashboard', complaints: ({ editable }) => (editable ? ['the dashboard can be edited'] : []) },
];
