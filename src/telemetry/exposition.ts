// Exposition: all metrics in the text format of Prometheus, as prom-client writes it.
//
// Owns the way there from counts that are kept elsewhere. Loaded with the first request for it, so prom-client's own metrics
// of the process count from then on.
//   X1. One metric after the other, with the turns of others between: one of a thousand locks takes milliseconds.

import { setImmediate } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Metric } from './series.ts';

const CLASSES = { counter: Counter, gauge: Gauge, histogram: Histogram };

/** Answers with the text of these metrics and of the process. */
export function exposition(metrics: readonly Metric[]): () => Promise<string> {
  const registry = new Registry();
  for (const metric of metrics) register(registry, metric);
  collectDefaultMetrics({ register: registry });
  return async () => {
    const texts: string[] = [];
    for (const { name } of registry.getMetricsAsArray()) {
      texts.push(await registry.getSingleMetricAsString(name));
      await setImmediate();
    }
    return `${texts.join('\n\n')}\n`;
  };
}

/** As one of prom-client's own, which never counts anything and tells what is kept. */
function register(registry: Registry, kept: Metric): void {
  const { name, help, type } = kept;
  const empty = new CLASSES[type]({ name, help, registers: [] });
  const get = async (): Promise<object> => ({ ...(await empty.get()), values: kept.samples() });
  // The registry prefers the second where a metric has it, as prom-client's histograms do.
  Object.assign(new CLASSES[type]({ name, help, registers: [registry] }), { get, getForPromString: get });
}
