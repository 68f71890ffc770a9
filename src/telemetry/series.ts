// Series: counters, gauges and histograms that cost next to nothing while they count.
//
// Owns the counts and what they are in Prometheus' text format. A metric is read when the text is asked for and not before.
//   R1. Each metric is written as a whole, in one turn: its numbers are of one moment.

/** One metric of the text. */
export interface Metric {
  readonly name: string;
  /** With the unit. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Its lines, each with its end. */
  lines(): string;
}

/** All metrics of one service, in the order of the text. */
export type Metrics = Metric[];

export type Labels = Readonly<Record<string, string>>;

/** The text of one metric. */
export function textOf(metric: Metric): string {
  return `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.type}\n${metric.lines()}`;
}

function line(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function labelsText(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => labelText(name, value)).join(',');
}

function labelText(name: string, value: string): string {
  return `${name}="${/[\\\n"]/u.test(value) ? escaped(value) : value}"`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`).replaceAll('"', String.raw`\"`);
}

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

  observe(value: number): void {
    let bound = 0;
    while (bound < this.#bounds.length && value > this.#bounds[bound]!) bound++;
    this.within[bound]!++;
    this.sum += value;
    this.count++;
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
  readonly #series: { readonly labels: string; readonly observations: Observations }[] = [];

  constructor({ name, help, bounds, metrics }: DistributionOptions) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    metrics.push(this);
  }

  /** A new series. To be asked for once for each set of labels. */
  series(labels: Labels): Observations {
    const observations = new Observations(this.#bounds);
    this.#series.push({ labels: labelsText(labels), observations });
    return observations;
  }

  lines(): string {
    return this.#series.map(({ labels, observations }) => this.#lines(labels, observations)).join('');
  }

  #lines(labels: string, { within, sum, count }: Observations): string {
    const before = labels === '' ? '' : `${labels},`;
    let below = 0;
    let text = '';
    for (const [bound, le] of this.#bounds.entries()) {
      below += within[bound]!;
      text += line(`${this.name}_bucket`, `${before}le="${le}"`, below);
    }
    text += line(`${this.name}_bucket`, `${before}le="+Inf"`, count);
    return text + line(`${this.name}_sum`, labels, sum) + line(`${this.name}_count`, labels, count);
  }
}

/** A histogram without labels. */
export function distribution(options: DistributionOptions): Observations {
  return new Distribution(options).series({});
}

/** A counter without labels. */
export function counter({ metrics, ...named }: Named): { inc(): void } {
  let count = 0;
  metrics.push({ ...named, type: 'counter', lines: () => line(named.name, '', count) });
  return { inc: () => { count++; } };
}

/** Counters that are kept elsewhere, each with its labels. */
export function counters({ metrics, ...named }: Named, read: () => Iterable<readonly [Labels, number]>): void {
  metrics.push({ ...named, type: 'counter', lines: () => Array.from(read(), ([labels, count]) => line(named.name, labelsText(labels), count)).join('') });
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
  metrics.push({ ...named, type: 'gauge', lines: () => line(named.name, '', read()) });
}

/** A number that never changes and says what its labels are. */
export function info({ metrics, ...named }: Named, labels: Labels): void {
  metrics.push({ ...named, type: 'gauge', lines: () => line(named.name, labelsText(labels), 1) });
}

/** Numbers that are read when they are asked for, each with its value of the one label. */
export function gauges({ metrics, ...named }: Named, label: string, read: () => Iterable<readonly [string, number]>): void {
  metrics.push({ ...named, type: 'gauge', lines: () => Array.from(read(), ([labelled, value]) => line(named.name, labelText(label, labelled), value)).join('') });
}
