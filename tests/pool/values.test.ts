import { afterAll, expect, test } from 'vitest';
import { VALUE_BYTES_MAX } from '../../src/limits.ts';
import { Bench, FUNCTIONS_DIR } from './recorder.ts';

const bench = new Bench(FUNCTIONS_DIR, afterAll);

test.each([
  ['undefined', 'null'],
  ['date', '"1970-01-01T00:00:00.000Z"'],
  ['nestedUndefined', '{"b":[null]}'],
  ['shared', '[{"n":1},{"one":{"n":1}},{"n":1}]'],
  ['nested64', `${'['.repeat(64)}0${']'.repeat(64)}`],
])('a value of the kind %s is what JSON says of it', async (name, text) => {
  expect((await bench.outcome('give', name)).value).toBe(text);
});

test('a value of exactly the longest text is kept', async () => {
  expect((await bench.outcome('give', 'justShortEnough')).value?.length).toBe(VALUE_BYTES_MAX);
});

test.each([
  ['function', 'the value is a function, which JSON cannot say'],
  ['symbol', 'the value is a symbol, which JSON cannot say'],
  ['bigint', 'the value is a bigint, which JSON cannot say'],
  ['nestedFunction', 'the value at $.rows.1.id is a function, which JSON cannot say'],
  ['nestedBigint', 'the value at $.0.0 is a bigint, which JSON cannot say'],
  ['cycle', 'circular'],
  ['throwingToJson', 'not today'],
  ['throwingGetter', 'no id'],
  ['tooLong', `${VALUE_BYTES_MAX + 2} bytes`],
  ['tooLongInBytes', `at most ${VALUE_BYTES_MAX} are kept`],
  ['hugeStrings', `more than ${VALUE_BYTES_MAX} bytes`],
  ['nested100k', 'nested deeper than 64 levels'],
])('a value of the kind %s fails the item as not serializable and says why', async (name, message) => {
  const settled = await bench.outcome('give', name);
  expect(settled.value).toBeUndefined();
  expect(settled.error?.kind).toBe('not_serializable');
  expect(settled.error?.message).toContain(message);
});
