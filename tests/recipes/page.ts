// Pages of recipes, and the programs that they show: what is run here is what a reader copies.
//
// Owns the way from a page to files that run. A block of `js` or `sh` whose first line is a comment with a name alone is
// the program of that name.

import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PROJECT = path.join(import.meta.dirname, '../..');
const PROGRAM = /^```(?:js|sh)\n(?<text>(?:#!\S+\n)?(?:\/\/|#) (?<name>[a-z-]+\.(?:js|sh))\n[\s\S]*?)^```$/gmu;

/**
 * Writes every program of a page into a folder in which `@holdfast/client` can be imported. `changes`: what a reader would
 * set to the own needs too, names and times, by what stands on the page.
 */
export function writePrograms(page: string, directory: string, changes: Readonly<Record<string, string>> = {}): void {
  const text = readFileSync(path.join(PROJECT, 'docs/recipes', page), 'utf8');
  const shown = [...text.matchAll(PROGRAM)].map(({ groups }) => ({ name: groups?.['name'] ?? '', source: groups?.['text'] ?? '' }));
  const unknown = Object.keys(changes).filter((from) => !shown.some(({ source }) => source.includes(from)));
  if (unknown.length > 0) throw new Error(`${page} has no ${unknown.join(', ')}`);
  const programs = shown.map(({ name, source }) => ({ name, source: Object.entries(changes).reduce((changed, [from, to]) => changed.replaceAll(from, to), source) }));
  if (programs.length === 0) throw new Error(`${page} shows no program`);
  for (const { name, source } of programs) {
    writeFileSync(path.join(directory, name), source);
    chmodSync(path.join(directory, name), 0o755);
  }
  writeFileSync(path.join(directory, 'package.json'), '{"type": "module"}');
  symlinkSync(path.join(PROJECT, 'node_modules'), path.join(directory, 'node_modules'));
}
