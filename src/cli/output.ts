// Output: what is said, in which form, and where.
//
// Owns lines, tables and colours.
//   O1. Standard output has what was asked for, and nothing else; standard error has everything that is said about it.
//   O2. With `--json` every line, on either, is one JSON object.
//   O3. Colours are for terminals: `styleText` looks at the stream, and at NO_COLOR and FORCE_COLOR.

import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** Whether somebody sees it happen, so that a line may be drawn over. */
  get isLive(): boolean {
    return !this.json && process.stderr.isTTY;
  }

  /** One line of what was asked for: `value` with `--json`, else `text`. */
  give(value: unknown, text: string): void {
    process.stdout.write(`${this.json ? JSON.stringify(value) : text}\n`);
  }

  /** One line about it: `event` with `--json`, else `text`. */
  say(event: { readonly event: string; readonly [member: string]: unknown }, text: string): void {
    process.stderr.write(`${this.json ? JSON.stringify(event) : `holdfast: ${text}`}\n`);
  }

  /** Text on standard output, coloured if that is a terminal. (O3) */
  styled(format: Format, text: string): string {
    return this.json ? text : styleText(format, text, { stream: process.stdout });
  }

  /** Text on standard error. (O3) */
  accented(format: Format, text: string): string {
    return this.json ? text : styleText(format, text, { stream: process.stderr });
  }

  /** A list: one line for each value with `--json`, else a table with a head, or `nothing` when there is nothing. */
  list<T>(values: readonly T[], { head, row, nothing }: { readonly head: readonly string[]; readonly row: (value: T) => readonly string[]; readonly nothing: string }): void {
    if (this.json) return values.forEach((value) => { this.give(value, ''); });
    if (values.length === 0) return void process.stderr.write(`${nothing}\n`);
    const rows = values.map((value) => row(value).map(printable));
    const widths = head.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
    const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd();
    for (const text of [this.styled('bold', line(head)), ...rows.map(line)]) process.stdout.write(`${text}\n`);
  }
}

/** Others chose these texts: what could move the cursor or colour the screen is shown as a code. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
