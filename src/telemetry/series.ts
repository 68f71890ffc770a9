// Series: counters and histograms that cost next to nothing while they count.
//
// Owns the counts. prom-client owns names, labels and text: it would hash the labels of every observation, at the price
// of several observations per request, so it is handed the counts when it is asked for its text and not before.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Where metrics are registered; never prom-client's global registry, which is one for all services of a process. */
export type Registers = readonly [Registry];

export type Labels = Readonly<Record<string, string>>;

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

export interface DistributionOptions {
  readonly name: string;
  /** With the unit. */
  readonly help: string;
  /** Upper bounds of the buckets, rising, in the metric's unit. */
  readonly bounds: readonly number[];
  readonly labelNames?: readonly string[];
  readonly registers: Registers;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A histogram whose series are kept by whoever observes. */
export class Distribution extends Histogram {
  readonly #name: string;
  readonly #bounds: readonly number[];
  /** Never observes anything: what prom-client says of a histogram beside its values. */
  readonly #empty: Histogram;
  readonly #series: { readonly labels: Labels; readonly observations: Observations }[] = [];

  constructor({ name, help, bounds, labelNames = [], registers }: DistributionOptions) {
    super({ name, help, registers: [...registers] });
    this.#empty = new Histogram({ name, help, labelNames, registers: [] });
    this.#name = name;
    this.#bounds = bounds;
  }

  /** A new series. To be asked for once for each set of labels. */
  series(labels: Labels): Observations {
    const observations = new Observations(this.#bounds);
    this.#series.push({ labels, observations });
    return observations;
  }

  override async get(): ReturnType<Histogram['get']> {
    const values = this.#series.flatMap(({ labels, observations }) => this.#samples(labels, observations));
    return { ...(await this.#empty.get()), values };
  }

  /** The registry prefers this one where a metric has it, as prom-client's histograms do. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get();
  }

  #samples(labels: Labels, { within, sum, count }: Observations): Sample[] {
    let below = 0;
    const buckets = this.#bounds.map((le, bound) => {
      below += within[bound]!;
      return { metricName: `${this.#name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: count },
    ];
  }
}

/** A histogram without labels. */
export function distribution(options: DistributionOptions): Observations {
  return new Distribution(options).series({});
}

export interface TallyOptions {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  /** Labels that are there with 0 before anything was counted, so that a first failure is seen as a rise. */
  readonly known: readonly string[];
  readonly registers: Registers;
}

/** A counter with one label, whose values are few. */
export class Tally {
  readonly #counts: Map<string, number>;

  constructor({ name, help, label, known, registers }: TallyOptions) {
    const counts = new Map(known.map((value) => [value, 0]));
    this.#counts = counts;
    // oxlint-disable-next-line no-new -- the registry keeps it
    new Counter({
      name, help, labelNames: [label], registers: [...registers],
      collect() {
        this.reset();
        for (const [value, count] of counts) this.inc({ [label]: value }, count);
      },
    });
  }

  /** Whether this value is counted already, or was known from the start. */
  has(value: string): boolean {
    return this.#counts.has(value);
  }

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }
}

export interface GaugeOptions {
  readonly name: string;
  readonly help: string;
  readonly registers: Registers;
}

/** A number that is read when it is asked for. */
export function gauge({ name, help, registers }: GaugeOptions, read: () => number): void {
  // oxlint-disable-next-line no-new -- the registry keeps it
  new Gauge({ name, help, registers: [...registers], collect() { this.set(read()); } });
}

type Read = () => Iterable<readonly [string, number]>;

/** Gauges that are read and never set: prom-client would hash each label to set it, a thousand of them at each reading. */
class Readings extends Gauge {
  readonly #label: string;
  readonly #read: Read;

  constructor({ name, help, registers }: GaugeOptions, label: string, read: Read) {
    super({ name, help, labelNames: [label], registers: [...registers] });
    this.#label = label;
    this.#read = read;
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = Array.from(this.#read(), ([labelled, value]) => ({ value, labels: { [this.#label]: labelled } }));
    return { ...(await super.get()), values };
  }
}

/** Numbers that are read when they are asked for, each with its value of the one label. */
export function gauges(options: GaugeOptions, label: string, read: Read): void {
  // oxlint-disable-next-line no-new -- the registry keeps it
  new Readings(options, label, read);
}
