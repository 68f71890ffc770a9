// Match: whether an answer is as a page shows it.
//
// Owns what may differ from one run to the next, and nothing else may:
//   M1. Members, their order aside, and the lengths of lists are the same.
//   M2. `…` in a text stands for any text; behind the digits of a fraction, for other digits.
//   M3. An instant stands for any instant, and a measured time or a drawn number for any number.
//   M4. A gauge that is shown above 0 is above 0.

import type { Answer } from './blocks.ts';

const MEASURED = new Set(['expiresInMs', 'elapsedMs', 'waitedMs', 'retryAfterMs', 'durationMs', 'value']);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;
const GAUGE = /(?<=^holdfast_\S+ )[1-9]\d*$/gmu;

/** Where `output` is not as the answer shows it; empty when it is. No answer is shown for what prints nothing. */
export function differencesFrom(answer: Answer | undefined, output: string): readonly string[] {
  if (answer?.language === 'json') return [...differences('', JSON.parse(answer.text), JSON.parse(output))];
  const shown = answer?.text.trim() ?? '';
  return pattern(shown).test(output.trim()) ? [] : [`shown ${JSON.stringify(shown)}, got ${JSON.stringify(output.trim())}`];
}

function* differences(at: string, shown: unknown, actual: unknown): Generator<string> {
  if (isObject(shown) && isObject(actual)) {
    for (const name of new Set([...Object.keys(shown), ...Object.keys(actual)])) yield* member(`${at}/${name}`, name, shown, actual);
  } else if (!isAsShown(shown, actual)) {
    yield `${at}: shown ${JSON.stringify(shown)}, got ${JSON.stringify(actual)}`;
  }
}

function* member(at: string, name: string, shown: Members, actual: Members): Generator<string> {
  if (!Object.hasOwn(actual, name)) yield `${at}: shown, but not there`;
  else if (!Object.hasOwn(shown, name)) yield `${at}: there, but not shown`;
  else if (!(MEASURED.has(name) && typeof shown[name] === 'number' && typeof actual[name] === 'number')) yield* differences(at, shown[name], actual[name]);
}

type Members = Readonly<Record<string, unknown>>;

/** Lists too: their members are named by their places. */
function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function isAsShown(shown: unknown, actual: unknown): boolean {
  if (typeof shown !== 'string' || typeof actual !== 'string') return shown === actual;
  return INSTANT.test(shown) ? INSTANT.test(actual) : pattern(shown).test(actual);
}

/** What a shown text stands for. (M2, M4) */
function pattern(shown: string): RegExp {
  const source = RegExp.escape(shown.replaceAll(GAUGE, '§').replaceAll(/\d\.\d+…/gu, '#…'))
    .replaceAll('§', String.raw`[1-9]\d*`)
    .replaceAll(String.raw`\x23…`, String.raw`\d(?:\.\d+)?(?:e-\d+)?`)
    .replaceAll('…', String.raw`[\s\S]+?`);
  return new RegExp(`^${source}$`, 'u');
}
