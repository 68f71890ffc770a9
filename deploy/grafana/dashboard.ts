// Dashboard: all rows put together, with the variables that the reader chooses by.
//
// Owns variables and the frame. `npm run dashboard` writes it to holdfast.json, which is what Grafana reads.

import { DashboardBuilder, DashboardCursorSync, DatasourceVariableBuilder, QueryVariableBuilder, RowBuilder, VariableRefresh, VariableSort, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { buildPanel, DATASOURCE } from './panels.ts';
import { ROWS } from './rows.ts';

/** Every series has a job and an instance; the locks without a label have no `lock`, and are among all locks. */
const ANY = '.+';
const ANY_OR_NONE = '.*';

export function buildDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Holdfast')
    .uid('holdfast')
    .description('Locks, batches and the process of Holdfast: who waits for what, and why.')
    .tags(['holdfast'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(variable('job', 'Job', 'label_values(holdfast_build_info, job)', ANY))
    .withVariable(variable('instance', 'Instance', 'label_values(holdfast_build_info{job=~"$job"}, instance)', ANY))
    .withVariable(variable('lock', 'Lock', 'label_values(holdfast_lock_waiters{job=~"$job", instance=~"$instance"}, lock)', ANY_OR_NONE));
  let id = 0;
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) dashboard.withPanel(buildPanel(panel, ++id));
  }
  return dashboard.build();
}

function variable(name: string, label: string, query: string, allValue: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label).query(query).datasource(DATASOURCE)
    .multi(true).includeAll(true).allValue(allValue).current({ selected: true, text: 'All', value: '$__all' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    // oxlint-disable-next-line unicorn/no-array-sort -- no array: the order of the variable's values
    .sort(VariableSort.NaturalAsc);
}
