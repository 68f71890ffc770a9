// Project: the project's files as text, for the tests of its laws.
//
// Owns finding and reading them and what counts as code, an import or a link. Does not own any law (tidy.test.ts).

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Folders that the project does not own: fetched, built, or the service's data. */
const FOREIGN = new Set(['node_modules', 'dist', 'data', 'coverage', '.vitest', '.git']);

export interface Import {
  /** A path from the project's root, or the name of a package or of a part of Node. */
  readonly target: string;
  /** Gone when the code runs: only its types are used. */
  readonly typeOnly: boolean;
}

export interface Link {
  /** The file that it names, from the project's root. */
  readonly file: string;
  readonly heading: string | undefined;
}

/** The project's own files that match a glob, as paths from its root with `/`. */
export function files(pattern: string): readonly string[] {
  const found = globSync(pattern, { cwd: ROOT, withFileTypes: true, exclude: (entry) => FOREIGN.has(entry.name) });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/'))
    .toSorted();
}

export function exists(file: string): boolean {
  return existsSync(join(ROOT, file));
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export function lineCount(file: string): number {
  return read(file).trimEnd().split('\n').length;
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/u;
const QUOTED = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/u;
const TEMPLATE = /`(?:\\.|[^`\\])*`/u;
const PATTERN = /(?<=[(,=:[!&|?{};>]\s*|\breturn\s)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\//u;
const NOT_CODE = new RegExp([COMMENT, QUOTED, TEMPLATE, PATTERN].map(({ source }) => source).join('|'), 'gu');

/** The text without comments, strings and patterns, in which a word of the language means itself. */
export function code(text: string): string {
  return text.replaceAll(NOT_CODE, (found) => (found.startsWith('`') ? substitutions(found) : ' '));
}

/** A template's text is no code, but what stands in its `${…}` is. */
function substitutions(template: string): string {
  return [...template.matchAll(/\$\{(?<inner>[^}]*)\}/gu)].map(({ groups = {} }) => ` ${groups['inner'] ?? ''} `).join(';');
}

const IMPORT = /^(?:import|export)\s(?:(?<clause>[^'";]*?)\sfrom\s)?\s*'(?<name>[^']+)'|\bimport\(\s*'(?<dynamic>[^']+)'/gmu;

/** Everything that a module imports or exports from elsewhere. */
export function imports(file: string): readonly Import[] {
  return [...read(file).matchAll(IMPORT)].map(({ groups = {} }) => {
    const name = groups['name'] ?? groups['dynamic'] ?? '';
    return {
      target: name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
      typeOnly: groups['clause']?.startsWith('type ') ?? false,
    };
  });
}

const LINK = /\]\((?<target>[^)\s]+)(?:\s"[^"]*")?\)/gu;

/** The relative links of a Markdown file, code left out. */
export function links(file: string): readonly Link[] {
  return [...prose(file).matchAll(LINK)].flatMap(({ groups = {} }) => {
    const [path = '', heading] = (groups['target'] ?? '').split('#');
    if (/^[a-z]+:/u.test(path)) return [];
    return [{ file: path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path))), heading }];
  });
}

/** The anchors of a Markdown file's headings, as code hosts make them. */
export function headings(file: string): readonly string[] {
  return [...read(file).replaceAll(/^```[\s\S]*?^```/gmu, '').matchAll(/^#+\s+(?<title>.+)$/gmu)].map(({ groups = {} }) =>
    (groups['title'] ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/gu, '-'));
}

function prose(file: string): string {
  return read(file).replaceAll(/^```[\s\S]*?^```/gmu, '').replaceAll(/`[^`\n]*`/gu, '');
}
