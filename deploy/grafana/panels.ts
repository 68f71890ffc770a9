// Panels: what a panel shows, and how it looks.
//
// Owns the look, which is the same for all panels of a kind. Does not own what they show (rows.ts).

import { BigValueColorMode, BigValueGraphMode, BigValueTextMode, VisibilityMode, VizLegendOptionsBuilder, LegendDisplayMode, LegendPlacement } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Query } from './queries.ts';

/** The source of data that the reader chose. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Units of Grafana: a number, seconds, bytes, a share of 1, and how many a second. */
export type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'ops' | 'reqps';

export interface Panel {
  /** A number as it is now, words as they are now, or lines over time. */
  readonly kind: 'number' | 'words' | 'lines';
  readonly title: string;
  /** What it means and when to worry, for somebody who sees it for the first time. */
  readonly description: string;
  readonly unit: Unit;
  /** Of the 24 columns of the grid. */
  readonly width: number;
  readonly queries: readonly Query[];
}

const NUMBER_HEIGHT = 4;
const LINES_HEIGHT = 8;

export function buildPanel(panel: Panel, id: number): TimeseriesBuilder | StatBuilder {
  const builder = panel.kind === 'lines' ? linesBuilder() : numberBuilder(panel.kind);
  builder.id(id).title(panel.title).description(panel.description).unit(panel.unit).span(panel.width).datasource(DATASOURCE);
  for (const [index, query] of panel.queries.entries()) builder.withTarget(queryBuilder(query, index));
  return builder;
}

function queryBuilder({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).range().refId(String.fromCodePoint(65 + index)).datasource(DATASOURCE);
}

function linesBuilder(): TimeseriesBuilder {
  const legend = new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([]);
  return new TimeseriesBuilder().height(LINES_HEIGHT).min(0).lineWidth(2).fillOpacity(0).showPoints(VisibilityMode.Never).legend(legend);
}

function numberBuilder(kind: 'number' | 'words'): StatBuilder {
  const builder = new StatBuilder().height(NUMBER_HEIGHT).graphMode(BigValueGraphMode.Area).colorMode(BigValueColorMode.None);
  return kind === 'words' ? builder.textMode(BigValueTextMode.Name).graphMode(BigValueGraphMode.None) : builder;
}
