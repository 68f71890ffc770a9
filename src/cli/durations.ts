// Durations: how people write them and how they are shown to people.
//
// Owns `30s`, `1m30s`, `500ms`. Everything behind it counts in milliseconds.

/** The largest first. */
const UNITS = new Map([['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000], ['ms', 1]]);

const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u;
const PART = /(?<count>\d+(?:\.\d+)?)(?<unit>ms|s|m|h|d)/gu;

/** Milliseconds of `30s`, `1m30s`, `1.5h`, `500ms` or `2d`. Throws with what to write for anything else. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!WHOLE.test(text)) {
    const hint = /^\d+$/u.test(text) ? `write ${text}s for seconds or ${text}ms for milliseconds` : 'write a number and a unit, such as 500ms, 30s, 5m, 2h or 1d';
    throw new Error(`"${text}" is not a duration: ${hint}`);
  }
  const parts = [...text.matchAll(PART)].map(({ groups = {} }) => Number(groups['count']) * (UNITS.get(groups['unit'] ?? '') ?? 0));
  return Math.round(parts.reduce((sum, part) => sum + part, 0));
}

/** A parser for a duration within bounds, both of which are allowed. */
export function durationFrom(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms < minMs || ms > maxMs) throw new Error(`${text} is out of bounds: it may be from ${showDuration(minMs)} to ${showDuration(maxMs)}`);
    return ms;
  };
}

/** The two largest units that say something: `1h 5m`, `2m 3s`, `4.2s`, `17ms`. */
export function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 10_000) return `${Math.floor(ms / 100) / 10}s`;
  const shown: string[] = [];
  let left = ms - (ms % 1_000);
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) shown.push(`${count}${unit}`);
    else if (shown.length > 0) break;
  }
  return shown.slice(0, 2).join(' ');
}
