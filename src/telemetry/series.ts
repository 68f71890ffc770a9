// Series: counters, gauges and histograms that cost next to nothing while they count.
//
// Owns the counts. Their text is prom-client's (exposition.ts): it would hash the labels of every observation, at the price
// of several observations per request, so it is handed the counts when it is asked for its text and not before.

import { LABEL_TEXTS_MAX } from '../limits.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Where it is not the metric's own. */
  readonly metricName?: string;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** The same; of one object the text is made once. */
  readonly sharedLabels?: Labels;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  /** With the unit. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** As they are now. */
  samples(): Sample[];
}

/** All metrics of one service, in the order of the text. */
export type Metrics = Metric[];

/** What was observed under one set of labels. */
export class Observations {
  sum = 0;
  count = 0;
  /** How many fell between a bound and the one before it, in the order of the bounds. */
  readonly within: Float64Array;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.within = new Float64Array(bounds.length + 1);
  }

  /** `times`: so many observations had this value. */
  observe(value: number, times = 1): void {
    let bound = 0;
    while (bound < this.#bounds.length && value > this.#bounds[bound]!) bound++;
    this.within[bound]! += times;
    this.sum += value * times;
    this.count += times;
  }
}

interface Named {
  readonly name: string;
  /** With the unit. */
  readonly help: string;
  readonly metrics: Metrics;
}

export interface DistributionOptions extends Named {
  /** Upper bounds of the buckets, rising, in the metric's unit. */
  readonly bounds: readonly number[];
}

/** A histogram whose series are kept by whoever observes. */
export class Distribution implements Metric {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #series: { readonly labels: Labels; readonly observations: Observations }[] = [];

  constructor({ name, help, bounds, metrics }: DistributionOptions) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    metrics.push(this);
  }

  /** A new series. To be asked for once for each set of labels. */
  series(labels: Labels): Observations {
    const observations = new Observations(this.#bounds);
    this.#series.push({ labels, observations });
    return observations;
  }

  samples(): Sample[] {
    return this.#series.flatMap(({ labels, observations }) => this.#samples(labels, observations));
  }

  #samples(labels: Labels, { within, sum, count }: Observations): Sample[] {
    let below = 0;
    const buckets = this.#bounds.map((le, bound) => {
      below += within[bound]!;
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}

/** A histogram without labels. */
export function distribution(options: DistributionOptions): Observations {
  return new Distribution(options).series({});
}

/** A counter without labels. */
export function counter({ metrics, ...named }: Named): { inc(): void } {
  let count = 0;
  metrics.push({ ...named, type: 'counter', samples: () => [{ labels: {}, value: count }] });
  return { inc: () => { count++; } };
}

/** Counters that are kept elsewhere, each with its labels. */
export function counters({ metrics, ...named }: Named, read: () => Iterable<readonly [Labels, number]>): void {
  metrics.push({ ...named, type: 'counter', samples: () => Array.from(read(), ([labels, value]) => ({ labels, value })) });
}

export interface TallyOptions extends Named {
  readonly label: string;
  /** Labels that are there with 0 before anything was counted, so that a first failure is seen as a rise. */
  readonly known: readonly string[];
}

/** A counter with one label, whose values are few. */
export class Tally {
  readonly #counts: Map<string, number>;

  constructor({ label, known, ...named }: TallyOptions) {
    const counts = new Map(known.map((value) => [value, 0]));
    this.#counts = counts;
    counters(named, () => Array.from(counts, ([value, count]) => [{ [label]: value }, count] as const));
  }

  /** Whether this value is counted already, or was known from the start. */
  has(value: string): boolean {
    return this.#counts.has(value);
  }

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }
}

/** A number that is read when it is asked for. */
export function gauge({ metrics, ...named }: Named, read: () => number): void {
  metrics.push({ ...named, type: 'gauge', samples: () => [{ labels: {}, value: read() }] });
}

/** A number that never changes and says what its labels are. */
export function info({ metrics, ...named }: Named, labels: Labels): void {
  metrics.push({ ...named, type: 'gauge', samples: () => [{ labels, value: 1 }] });
}

/**
 * The labels of series with one label: of a value the same object each time, by which prom-client finds the text that it
 * made of it before. When there are too many they begin anew.
 */
export class LabelSets {
  readonly #label: string;
  readonly #known = new Map<string, Labels>();

  constructor(label: string) {
    this.#label = label;
  }

  of(value: string): Labels {
    let labels = this.#known.get(value);
    if (labels === undefined) {
      if (this.#known.size === LABEL_TEXTS_MAX) this.#known.clear();
      this.#known.set(value, (labels = { [this.#label]: value }));
    }
    return labels;
  }
}

/** Numbers that are read when they are asked for, each with its value of the one label. */
export function gauges({ metrics, ...named }: Named, labels: LabelSets, read: () => Iterable<readonly [string, number]>): void {
  metrics.push({ ...named, type: 'gauge', samples: () => Array.from(read(), ([labelled, value]) => ({ sharedLabels: labels.of(labelled), value })) });
}
