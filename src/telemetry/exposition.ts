// Exposition: all metrics in the text format of Prometheus, as prom-client writes it.
//
// Owns the way there from counts that are kept elsewhere. Loaded with the first request for it, so prom-client's own metrics
// of the process count from then on.
//   X1. One metric after the other, with the turns of others between: one of a thousand locks takes milliseconds.

import { setImmediate } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Metric } from './series.ts';

class KeptCounter extends Counter {
  readonly #kept: Metric;

  constructor(kept: Metric, registers: Registry[]) {
    super({ name: kept.name, help: kept.help, registers });
    this.#kept = kept;
  }

  override async get(): ReturnType<Counter['get']> {
    return { ...(await super.get()), values: this.#kept.samples() };
  }
}

class KeptGauge extends Gauge {
  readonly #kept: Metric;

  constructor(kept: Metric, registers: Registry[]) {
    super({ name: kept.name, help: kept.help, registers });
    this.#kept = kept;
  }

  override async get(): ReturnType<Gauge['get']> {
    return { ...(await super.get()), values: this.#kept.samples() };
  }
}

class KeptHistogram extends Histogram {
  readonly #kept: Metric;
  /** Never observes anything: what prom-client says of a histogram beside its values. */
  readonly #empty: Histogram;

  constructor(kept: Metric, registers: Registry[]) {
    super({ name: kept.name, help: kept.help, registers });
    this.#kept = kept;
    this.#empty = new Histogram({ name: kept.name, help: kept.help, registers: [] });
  }

  override async get(): ReturnType<Histogram['get']> {
    const values = this.#kept.samples().map(({ metricName = this.#kept.name, ...sample }) => ({ metricName, ...sample }));
    return { ...(await this.#empty.get()), values };
  }

  /** The registry prefers this one where a metric has it, as prom-client's histograms do. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get();
  }
}

const KEPT = { counter: KeptCounter, gauge: KeptGauge, histogram: KeptHistogram };

/** Answers with the text of these metrics and of the process. */
export function exposition(metrics: readonly Metric[]): () => Promise<string> {
  const registry = new Registry();
  // oxlint-disable-next-line no-new -- the registry keeps it
  for (const metric of metrics) new KEPT[metric.type](metric, [registry]);
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
