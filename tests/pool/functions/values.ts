// Functions that return what JSON can or cannot say, as their item names it.

import type { TaskContext } from '../../../src/pool/context.ts';

function cycle(): unknown {
  const node: { next?: unknown } = {};
  node.next = node;
  return node;
}

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  date: () => new Date(0),
  nestedUndefined: () => ({ a: undefined, b: [undefined] }),
  function: () => () => 0,
  symbol: () => Symbol('s'),
  bigint: () => 10n,
  cycle,
  nestedFunction: () => ({ rows: [{ id: 1 }, { id: () => 2 }] }),
  nestedBigint: () => [[1n]],
  throwingToJson: () => ({ toJSON: () => { throw new Error('not today'); } }),
  throwingGetter: () => ({ get id() { throw new Error('no id'); } }),
  tooLong: () => 'x'.repeat(1024 * 1024),
  justShortEnough: () => 'x'.repeat(1024 * 1024 - 2),
  tooLongInBytes: () => 'é'.repeat(600 * 1024),
  hugeStrings: () => Array.from({ length: 2_000 }, () => 'y'.repeat(300_000_000)),
  shared: () => { const one = { n: 1 }; return [one, { one }, one]; },
  nested64: () => nested(64),
  nested100k: () => nested(100_000),
};

export function give(_context: TaskContext, name: string): unknown {
  return VALUES[name]?.();
}
