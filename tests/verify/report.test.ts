// The report of the long verification: what it says, and where it puts it.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asMarkdown, asText, PAGE, withFigures } from '../../verify/report.ts';

const REPORTS = [{ part: 'sim', figures: [{ what: 'seeds', reached: '3', asked: '2', ok: true }, { what: '  failed', reached: 'a | b\nc', ok: false }] }];
const ABOUT = { version: '1.2.3', day: '2026-01-31', cores: 2, node: 'v26.0.0', seed: 7, tookMinutes: 10 };

test('a figure is told with what was asked, and one that was missed is told apart', () => {
  expect(asText(REPORTS)).toMatch(/✓ seeds +3 \(asked: 2\)\n {2}✗ {3}failed +a \| b/u);
  expect(asMarkdown(REPORTS, ABOUT).split('\n').slice(-2)).toEqual(['| sim | seeds | 3 | 2 | ✓ |', String.raw`| sim | failed | a \| b c |  | ✗ |`]);
});

test('the guarantees page has a place for the figures, and nothing else of it is changed by them', () => {
  const page = readFileSync(PAGE, 'utf8');
  const once = withFigures(page, 'FIRST FIGURES');
  expect(withFigures(once, 'SECOND FIGURES')).toBe(once.replace('FIRST FIGURES', 'SECOND FIGURES'));
  expect(once.split('FIRST FIGURES').map((part) => page.includes(part))).toEqual([true, true]);
  expect(() => withFigures('no place', 'figures')).toThrow('no lines');
});
