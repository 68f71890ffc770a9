// Figures: what a run shows, and which of it has an aim.
//
// Owns their names, units and aims, in the order of the table. A ratio has no unit.

export type FigureId = keyof typeof AIMED;

export interface Aimed {
  readonly name: string;
  /** A ratio where it is empty. */
  readonly unit: '' | 'ms' | 's' | 'MiB' | 'KiB' | 'bytes';
  readonly better: 'more' | 'less';
  readonly reach: number;
  readonly aim: number;
}

export const AIMED = {
  'own-64-bare': more('acquire + release, own lock each, 64 connections ÷ bare Fastify', 0.6, 0.7),
  'own-256-bare': more('acquire + release, own lock each, 256 connections ÷ bare Fastify', 0.75, 0.9),
  'own-64-etcd': more("acquire + release, own lock each, 64 connections ÷ etcd's own lock", 3, 4),
  'bulk-64-redlock': more('one client process, 64 loops, bulk ÷ redlock on a Redis that flushes', 1, 1.5),
  'bulk-512-redlock': more('one client process, 512 loops, bulk ÷ redlock on a Redis that flushes', 1, 1.5),
  'hot-journal': more("one hot lock, 64 waiters: hand-offs ÷ the journal's sequential commits", 0.6, 0.7),
  'hot-etcd': more("one hot lock, 64 waiters: hand-offs ÷ etcd's", 2.5, 3),
  'hot-os-etcd': more("the same with HOLDFAST_DURABILITY=os ÷ etcd's", 6, 9),
  'hot-p99': less('one hot lock, 64 waiters: p99 ÷ median of the hand-offs', '', 2, 1.5),
  'waiting-p99': less('p99 of a hand-off, 10,000 waiters ÷ 10 waiters', '', 1.5, 1.2),
  'task-locks': more("lock + unlock in tasks, 4 workers, one lock ÷ Python's Manager().Lock()", 2, 10),
  'tasks-singly': more('no-op tasks singly, 20,000 at once, 2 workers ÷ Piscina', 2, 4),
  'tasks-chunks': more('no-op tasks in chunks of 100, 2 workers ÷ Piscina, singly', 30, 60),
  'batch-python': less("time of a batch of 100,000 no-ops over HTTP ÷ Python's Pool(2).starmap, same chunks", '', 8, 4),
  'batch-delay': less('the longest event-loop delay during such a batch', 'ms', 50, 50),
  'memory-idle': less('memory of an idle process with two workers', 'MiB', 130, 110),
  'memory-lease': less('memory of a held lease', 'bytes', 700, 500),
  'memory-waiting': less('memory of a waiting connection', 'KiB', 14, 11),
  'start-empty': less('start to ready, empty', 's', 0.7, 0.5),
  'start-million': less('start to ready, 1,000,000 rows and 100,000 live leases', 's', 8, 5),
  'metrics-scrape': less('/metrics with 10,000 declared locks, 1,000 labelled', 'ms', 20, 10),
  'metrics-acquire': less('the longest acquire beside it', 'ms', 20, 10),
  'growth-locks': less('time of an acquire + release, 1,000,000 declared locks ÷ 10', '', 1.3, 1.1),
  'growth-waiters': less('time of a hand-off and a new place in line, 10,000 waiters ÷ 10', '', 1.3, 1.1),
} as const satisfies Record<string, Aimed>;

/** In the order of the table. */
export function entries(): [FigureId, Aimed][] {
  const ids: readonly FigureId[] = Object.keys(AIMED).filter((id): id is FigureId => id in AIMED);
  return ids.map((id) => [id, AIMED[id]]);
}

/** What bounds a service that answers after a commit of our journal; see durable/durable.ts. */
export const BOUND = 'a bare Fastify over the same journal';

/** The same load against a server that answers constant bytes; see load/constant.ts. */
export const LOAD = "the load's own ceiling, against a constant";

/** What one contestant reached, round by round. */
export interface Side {
  readonly name: string;
  readonly unit: string;
  readonly rounds: readonly number[];
}

/** A figure of a run: the median of its rounds is its value. */
export interface Figure {
  readonly rounds: readonly number[];
  readonly sides: readonly Side[];
  readonly note?: string;
  /** What the figure could be at best in the same run, whatever Holdfast did, round by round; its unit is the figure's. */
  readonly ceiling?: Pick<Side, 'name' | 'rounds'>;
}

/** A reading that has no aim: what explains a figure, or may be wanted for itself. */
export interface Reading {
  readonly scenario: string;
  readonly side: Side;
}

/** An acquire and its release. */
export function pairs(name: string, rounds: readonly number[]): Side {
  return { name, unit: 'pairs/s', rounds };
}

function more(name: string, reach: number, aim: number): Aimed {
  return { name, unit: '', better: 'more', reach, aim };
}

function less(name: string, unit: Aimed['unit'], reach: number, aim: number): Aimed {
  return { name, unit, better: 'less', reach, aim };
}
