// Queries: the PromQL of the dashboard's panels, of services that the reader chose.
//
// Owns how a metric is asked for. Does not own which panel asks what (rows.ts).
//   Q1. Every selector is held to the variables `job` and `instance`, so that one dashboard serves many services.
//   Q2. Every rate uses Grafana's own interval, which follows the range that is shown.

export interface Query {
  readonly expr: string;
  /** What the legend calls each line, with labels as `{{label}}`. */
  readonly legend: string;
}

const CHOSEN = 'job=~"$job", instance=~"$instance"';
const PERCENTILES = [50, 90, 99] as const;
/** What the legend calls the locks without a label. */
const OTHERS = '(others)';

/** A metric of the chosen services; `matching` says which of its series. (Q1) */
export function of(metric: string, matching?: string): string {
  return `${metric}{${CHOSEN}${matching === undefined ? '' : `, ${matching}`}}`;
}

/** How many a second, of all that the selector finds, by one label or together. (Q2) */
export function rate(metric: string, by?: string, matching?: string): string {
  return `sum${by === undefined ? '' : ` by (${by})`} (rate(${of(metric, matching)}[$__rate_interval]))`;
}

/** A gauge of the chosen locks, all of them together. */
export function ofLocks(operation: 'sum' | 'max', metric: string): string {
  return `${operation} (${of(metric, 'lock=~"$lock"')})`;
}

/** The ten highest of a gauge of the chosen locks. */
export function byLock(operation: 'sum' | 'max', metric: string): Query {
  const highest = `topk(10, ${operation} by (lock) (${of(metric, 'lock=~"$lock"')}))`;
  return { expr: `label_replace(${highest}, "lock", "${OTHERS}", "lock", "")`, legend: '{{lock}}' };
}

/** One percentile of a histogram, by one label or of all together. */
export function percentile(percent: number, metric: string, by?: string): string {
  return `histogram_quantile(${percent / 100}, ${rate(`${metric}_bucket`, by === undefined ? 'le' : `le, ${by}`)})`;
}

/** What half, nine of ten, and all but one of a hundred stay below. */
export function percentiles(metric: string): readonly Query[] {
  return PERCENTILES.map((percent) => ({ expr: percentile(percent, metric), legend: `p${percent}` }));
}
