// Durations: how people write them.

import { expect, test } from 'vitest';
import { durationFrom, parseDuration, showDuration } from '../../src/cli/durations.ts';

test.for([
  ['30s', 30_000], ['500ms', 500], ['1m30s', 90_000], ['1.5h', 5_400_000], ['2d', 172_800_000], ['0', 0], ['0s', 0], ['1h0.5s', 3_600_500],
] as const)('%s is %d ms', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for(['', 's', '-1s', '1 s', '30sec', '1h-1m', 'ten'])('"%s" is no duration, and the error shows one', (text) => {
  expect(() => parseDuration(text)).toThrow(/such as 500ms, 30s/u);
});

test('a number without a unit is not guessed at', () => {
  expect(() => parseDuration('30')).toThrow(/write 30s for seconds or 30ms for milliseconds/u);
});

test('bounds are allowed, and what is beyond them names both', () => {
  const parse = durationFrom(1_000, 86_400_000);
  expect([parse('1s'), parse('1d')]).toEqual([1_000, 86_400_000]);
  expect(() => parse('999ms')).toThrow(/from 1s to 1d/u);
  expect(() => parse('25h')).toThrow(/to 1d/u);
});

test.for([
  [17, '17ms'], [4_250, '4.2s'], [12_900, '12s'], [125_000, '2m 5s'], [3_600_000, '1h'], [90_061_000, '1d 1h'], [-5, '0ms'],
] as const)('%d ms is shown as %s', ([ms, text]) => {
  expect(showDuration(ms)).toBe(text);
});
