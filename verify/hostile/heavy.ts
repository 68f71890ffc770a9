// Heavy: bodies as long as a body may be, each of a shape that is dear to somebody on its way.
//
// Owns the shapes. While they are read nothing else happens in the service: what is measured is for how long.

import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from './target.ts';

const BYTES = 33_554_432;
const LOOK_MS = 10;

/** Fills what is left of a body with a text, again and again. */
function filled(item: string, [open, close]: readonly [string, string] = ['[', '0]']): string {
  const [head, tail] = [`{"function":"echo","items":[${open}`, `${close}]}`];
  return head + `${item},`.repeat(Math.floor((BYTES - head.length - tail.length) / (item.length + 1))) + tail;
}

function members(count: number): string {
  return Array.from({ length: count }, (_, nth) => `"k${nth}":0`).join(',');
}

/** As many parts as may be. */
const PARTS = 999_990;

const SHAPES: Readonly<Record<string, () => string>> = {
  'empty objects': () => filled('{}'),
  'empty arrays as items': () => filled('[]', ['', '0']),
  'arrays in arrays': () => filled('[[[[[[0]]]]]]'),
  'objects of one member': () => filled('{"a":0}'),
  numbers: () => filled('1.7976931348623157e308'),
  'one long number': () => filled('').replace(/,+/u, (commas) => '1'.repeat(commas.length)),
  'one long text of escapes': () => `{"function":"echo","items":["${String.raw`\u0041`.repeat(5_500_000)}"]}`,
  'locks in one item': () => filled('{"$lock":"a"}'),
  'as many empty objects as may be': () => `{"function":"echo","items":[[${'{},'.repeat(PARTS)}0]]}`,
  'as many members as may be': () => `{"function":"echo","items":[{${members(PARTS)}}]}`,
  'as many unknown members as may be': () => `{${members(PARTS)}}`,
  'as many locks as may be, the last of them wrong': () => `{"function":"echo","items":[[${'{"$lock":"a"},'.repeat(PARTS / 3 - 5)}{"$lock":" "}]]}`,
  'as many items as may be, each a lock': () => `{"function":"echo","items":[${'{"$lock":"a"},'.repeat(99_999)}{"$lock":"a"}]}`,
  'names that pollute': () => filled(String.raw`"__proto__\""`),
  'commas only': () => filled(''),
  'quotes that are escaped': () => `{"function":"echo","items":["${String.raw`\"`.repeat(16_000_000)}"]}`,
  backslashes: () => `{"function":"echo","items":["${'\\'.repeat(32_000_000)}"]}`,
  'a text that never ends': () => `{"function":"echo","items":["${String.raw`\"`.repeat(16_000_000)}`,
};

export interface Weighed {
  readonly shape: string;
  readonly status: number;
  /** The longest that anything else had to wait meanwhile, in milliseconds. */
  readonly stalledMs: number;
}

/** Sends one body of each shape, one after another. */
export async function weigh(target: Target): Promise<readonly Weighed[]> {
  const weighed: Weighed[] = [];
  for (const [shape, body] of Object.entries(SHAPES)) {
    const answered = target.client.ask('POST', '/v1/batches', { raw: body() });
    weighed.push({ shape, ...await stalledUntil(target, answered.then(({ status }) => status)) });
  }
  return weighed;
}

async function stalledUntil({ client }: Target, answered: Promise<number>): Promise<Omit<Weighed, 'shape'>> {
  const given = new AbortController();
  const status = answered.finally(() => { given.abort(); });
  let stalledMs = 0;
  while (!given.signal.aborted) {
    const began = performance.now();
    await client.ask('GET', '/health/live');
    stalledMs = Math.max(stalledMs, performance.now() - began);
    await Promise.race([delay(LOOK_MS), status]);
  }
  return { status: await status, stalledMs };
}
